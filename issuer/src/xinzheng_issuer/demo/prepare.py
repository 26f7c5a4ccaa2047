"""A data folder and its people in one process: `python -m xinzheng_issuer.demo.prepare DATA COURT_FILE`.

Does what `xinzheng init` and `xinzheng users add` do, and prints the tokens as one JSON object, person → token.
"""

import json
import sys
from pathlib import Path

from xinzheng_issuer.domain.workflow import Role
from xinzheng_issuer.installation import initialise, open_office
from xinzheng_issuer.logs import configure_logs
from xinzheng_issuer.people import add_user
from xinzheng_issuer.settings import load_settings

PEOPLE: dict[str, tuple[Role, ...]] = {
    "clerk": (Role.CLERK,),
    # May approve other people's cases: what stops this judge is that nobody approves what they confirmed.
    "judge": (Role.JUDGE, Role.APPROVER),
    "approver": (Role.APPROVER,),
    "sealOperator": (Role.SEAL_OPERATOR,),
}
"""Person → roles."""


def main() -> None:
    """Makes the folder named first, by the court's file named second."""
    settings = load_settings(data=Path(sys.argv[1]))
    configure_logs("warning")
    initialise(settings, Path(sys.argv[2]))
    office = open_office(settings)
    tokens = {person: add_user(office, f"demo-{person}", roles) for person, roles in PEOPLE.items()}
    office.register.engine.dispose()
    sys.stdout.write(json.dumps(tokens))


if __name__ == "__main__":
    main()
