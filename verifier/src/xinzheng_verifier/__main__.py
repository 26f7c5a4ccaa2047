"""`python -m xinzheng_verifier` is `xinzheng-verify`."""

import sys

from xinzheng_verifier.cli import main

sys.exit(main())
