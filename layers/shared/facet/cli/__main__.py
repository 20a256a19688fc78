import sys

from facet.cli.main import main

sys.exit(main())
