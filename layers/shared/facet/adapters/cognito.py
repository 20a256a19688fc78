"""The user pool: who a user is there, and that they are no more."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


class UserPool:
    """The Cognito user pool of the stack."""

    def __init__(self, client: "CognitoIdentityProviderClient", pool_id: str) -> None:
        self._client = client
        self._pool_id = pool_id

    def describe(self, username: str) -> dict[str, Any] | None:
        """A user's attributes (email, sub, ...), state and times; None when there is none."""
        try:
            user = self._client.admin_get_user(UserPoolId=self._pool_id, Username=username)
        except self._client.exceptions.UserNotFoundException:
            return None
        return {
            "attributes": {
                attribute["Name"]: attribute.get("Value") for attribute in user["UserAttributes"]
            },
            "status": user["UserStatus"],
            "enabled": user["Enabled"],
            "created_at": user["UserCreateDate"].isoformat(),
            "updated_at": user["UserLastModifiedDate"].isoformat(),
            "second_factors": list(user.get("UserMFASettingList", ())),
        }

    def delete(self, username: str) -> None:
        """Remove the user, and with it every refresh token; nothing if already gone."""
        try:
            self._client.admin_delete_user(UserPoolId=self._pool_id, Username=username)
        except self._client.exceptions.UserNotFoundException:
            return
