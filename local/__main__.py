"""The local stack up, down, deployed again, or told of: `python -m local up|down|status|deploy`."""

import argparse
import signal
import sys

from local.phone import sign_in
from local.stack import LocalStack, StackError, console


def tell(stack: LocalStack) -> None:
    """Print where the stack is and how to use it with curl."""
    token = sign_in(stack, "you@example.com").token
    print(f"""
API={stack.outputs["ApiUrl"]}
TOKEN={token}

With these two in your shell:
  curl $API/v1/health/ready
  curl -H "Authorization: Bearer $TOKEN" $API/v1/me/usage
  curl -H "Authorization: Bearer $TOKEN" $API/v1/analyses

The token lasts an hour; `make up` prints a new one. Logs: {stack.home / "ministack.log"}
`make demo PHOTO=path` sends a photo through. `make down` stops everything.""")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "status", "deploy"))
    command = parser.parse_args().command
    # A terminated command cleans up as an interrupted one does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stack = LocalStack()
    try:
        match command:
            case "up":
                stack.up()
                tell(stack)
            case "deploy":
                stack.deploy()
            case "down":
                stack.stop()
                print("The local stack is down.")
            case "status" if not stack.healthy():
                print("The local stack is not running.")
            case "status":
                current = "as the working tree" if stack.ready() else "older than the working tree"
                print(f"Running at {stack.endpoint}, {current}.")
                for name, value in stack.outputs.items():
                    print(f"  {name:<20} {value}")
    except StackError as error:
        console.print(f"✗ {error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
