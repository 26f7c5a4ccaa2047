"""What every run shares: no silent skips under continuous integration, and one run of the demo for all who need it."""

import os

os.environ.pop("LANGUAGE", None)  # it goes before the locale variables that tests set

pytest_plugins = ["support.strict_skips", "support.demo", "support.clean_environment"]
