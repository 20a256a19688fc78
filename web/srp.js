// Secure Remote Password as Cognito speaks it (RFC 5054's 3072-bit group, SHA-256, and a key derived
// with "Caldera Derived Key"): the password itself never leaves this page.

const N = BigInt(
  "0xFFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
);
const G = 2n;
const INFO = "Caldera Derived Key\x01";
const text = new TextEncoder();

/** Start of a sign-in -> {SRP_A, answer}; `answer(challenge, password)` proves the password. */
export function begin(poolId) {
  const secret = number(crypto.getRandomValues(new Uint8Array(128)));
  const A = power(G, secret);
  return {
    SRP_A: A.toString(16),
    answer: (challenge, password) => prove(poolId.split("_")[1], secret, A, challenge, password),
  };
}

/** ChallengeResponses of PASSWORD_VERIFIER. Raises where the server's numbers are not sound. */
async function prove(pool, a, A, challenge, password) {
  const { SRP_B, SALT, SECRET_BLOCK, USER_ID_FOR_SRP: user } = challenge;
  const B = BigInt(`0x${SRP_B}`);
  if (B % N === 0n) throw new Error("The server's half of the sign-in is not valid.");
  const k = number(await sha256(padded(N), padded(G)));
  const u = number(await sha256(padded(A), padded(B)));
  const identity = await sha256(text.encode(`${pool}${user}:${password}`));
  const x = number(await sha256(padded(BigInt(`0x${SALT}`)), identity));
  const base = (((B - k * power(G, x)) % N) + N) % N;
  const S = power(base, a + u * x);
  const key = (await hmac(await hmac(padded(u), padded(S)), text.encode(INFO))).slice(0, 16);
  const block = Uint8Array.from(atob(SECRET_BLOCK), (letter) => letter.charCodeAt(0));
  const now = timestamp(new Date());
  const claim = await hmac(key, joined(text.encode(pool + user), block, text.encode(now)));
  return {
    USERNAME: user,
    TIMESTAMP: now,
    PASSWORD_CLAIM_SECRET_BLOCK: SECRET_BLOCK,
    PASSWORD_CLAIM_SIGNATURE: btoa(String.fromCharCode(...claim)),
  };
}

/** Sat Nov 7 06:05:04 UTC 2026: English, the day without a zero. */
export function timestamp(now) {
  const [weekday, dayOfMonth, month, year, time] = now.toUTCString().replace(",", "").split(" ");
  return `${weekday} ${month} ${Number(dayOfMonth)} ${time} UTC ${year}`;
}

function power(base, exponent) {
  let result = 1n;
  for (let square = base % N, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % N) {
    if (rest & 1n) result = (result * square) % N;
  }
  return result;
}

/** Big-endian, with a leading zero byte where the highest bit is set. */
function padded(value) {
  let hex = value.toString(16);
  if (hex.length % 2) hex = `0${hex}`;
  if (/^[89a-f]/.test(hex)) hex = `00${hex}`;
  return Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
}

const number = (bytes) => BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`);

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));

async function hmac(key, data) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, data));
}
