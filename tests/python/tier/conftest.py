"""The Python tier, from the tree; its rows over SharedDict from the build tree."""

import sys

from locations import BUILD, ROOT

for folder in (ROOT / "python", BUILD / "python"):
    sys.path.insert(0, str(folder))
