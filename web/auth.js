// Who is signed in. Cognito over fetch; tokens live in this tab and go with it.

import { begin } from "./srp.js";

const KEPT = "facet.tokens";
let config = null;
let refreshing = null;

/** {api, cognito, pool_id, client_id}, written where the page is served. */
export async function settings() {
  config ??= await (await fetch("config.json", { cache: "no-cache" })).json();
  return config;
}

/** An error of Cognito: `code` is its exception's name. */
export class SignInError extends Error {
  constructor(code, message) {
    super(SAID[code] ?? message ?? "Signing in did not work.");
    this.code = code;
  }
}

const SAID = {
  NotAuthorizedException: "That e-mail address and password do not belong together.",
  UserNotFoundException: "That e-mail address and password do not belong together.",
  UsernameExistsException: "There is an account with this e-mail address already: sign in.",
  CodeMismatchException: "That is not the code we sent. Look again, or ask for a new one.",
  ExpiredCodeException: "That code has expired; ask for a new one.",
  InvalidPasswordException: "Choose a password of at least 12 characters.",
  LimitExceededException: "Too many tries; wait a few minutes.",
  TooManyRequestsException: "Too many tries; wait a few minutes.",
};

async function cognito(action, body) {
  const { cognito: url, client_id: ClientId } = await settings();
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `AWSCognitoIdentityProviderService.${action}` },
      body: JSON.stringify({ ClientId, ...body }),
    });
  } catch {
    throw new SignInError("offline", "The sign-in service cannot be reached. Are you online?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new SignInError(String(answer.__type ?? "").split("#").pop(), answer.message ?? answer.Message);
  return answer;
}

/** Signs in; `ask(challenge)` gets the code of an authenticator app where one is asked for. */
export async function signIn(email, password, ask) {
  const { pool_id } = await settings();
  const { SRP_A, answer } = begin(pool_id);
  const started = await cognito("InitiateAuth", { AuthFlow: "USER_SRP_AUTH", AuthParameters: { USERNAME: email, SRP_A } });
  let step = await cognito("RespondToAuthChallenge", {
    ChallengeName: started.ChallengeName,
    Session: started.Session,
    ChallengeResponses: await answer(started.ChallengeParameters, password),
  });
  if (step.ChallengeName === "SOFTWARE_TOKEN_MFA") {
    step = await cognito("RespondToAuthChallenge", {
      ChallengeName: step.ChallengeName,
      Session: step.Session,
      ChallengeResponses: { USERNAME: started.ChallengeParameters.USER_ID_FOR_SRP, SOFTWARE_TOKEN_MFA_CODE: await ask() },
    });
  }
  if (!step.AuthenticationResult) throw new SignInError(step.ChallengeName, "This account asks for a step this page does not know.");
  keep(step.AuthenticationResult);
}

export const signUp = (Username, Password) =>
  cognito("SignUp", { Username, Password, UserAttributes: [{ Name: "email", Value: Username }] });
export const confirmSignUp = (Username, ConfirmationCode) => cognito("ConfirmSignUp", { Username, ConfirmationCode });
export const sendCodeAgain = (Username) => cognito("ResendConfirmationCode", { Username });
export const forgotPassword = (Username) => cognito("ForgotPassword", { Username });
export const setPassword = (Username, ConfirmationCode, Password) =>
  cognito("ConfirmForgotPassword", { Username, ConfirmationCode, Password });

function keep(result) {
  const before = tokens() ?? {};
  const kept = { id: result.IdToken, access: result.AccessToken, refresh: result.RefreshToken ?? before.refresh };
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
}

function tokens() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
}

/** What the ID token says: {sub, email, exp, ...}; null for nobody. */
export function who() {
  const payload = tokens()?.id?.split(".")[1];
  return payload ? JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) : null;
}

/** An ID token good for at least a minute; null when nobody is signed in any more. */
export async function token({ renew = false } = {}) {
  const person = who();
  if (!person) return null;
  if (renew || person.exp * 1000 < Date.now() + 60_000) {
    refreshing ??= cognito("InitiateAuth", { AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters: { REFRESH_TOKEN: tokens().refresh } })
      .then((answer) => keep(answer.AuthenticationResult))
      .finally(() => (refreshing = null));
    try {
      await refreshing;
    } catch (error) {
      if (error.code === "offline") throw error;
      forget();
      return null;
    }
  }
  return tokens().id;
}

/** Ends this tab's session, and the refresh token's life. */
export async function signOut() {
  const kept = tokens();
  forget();
  if (kept?.refresh) await cognito("RevokeToken", { Token: kept.refresh }).catch(() => {});
}

export function forget() {
  sessionStorage.removeItem(KEPT);
}
