"""The user pool: who a user is there, and that they are no more."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


class UserPool:
    def __init__(self, client: "CognitoIdentityProviderClient", pool_id: str) -> None:
        self._client = client
        self._pool_id = pool_id

    def describe(self, username: str) -> dict[str, Any] | None:
        """Attributes (email, sub, ...), state and times; None when there is no such user."""
        try:
            found = self._client.admin_get_user(UserPoolId=self._pool_id, Username=username)
        except self._client.exceptions.UserNotFoundException:
            return None
        return {
            "attributes": {one["Name"]: one.get("Value") for one in found["UserAttributes"]},
            "status": found["UserStatus"],
            "enabled": found["Enabled"],
            "created_at": found["UserCreateDate"].isoformat(),
            "updated_at": found["UserLastModifiedDate"].isoformat(),
            "second_factors": list(found.get("UserMFASettingList", ())),
        }

    def delete(self, username: str) -> None:
        """Remove the user, and with it every refresh token; nothing if already gone."""
        try:
            self._client.admin_delete_user(UserPoolId=self._pool_id, Username=username)
        except self._client.exceptions.UserNotFoundException:
            return
