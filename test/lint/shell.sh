# scripts have no mistakes that shellcheck warns of
command -v shellcheck >/dev/null || { echo "# skip: shellcheck is not installed"; exit 0; }
grep -rlIE '^#!/bin/(ba)?sh' test .ci | LC_ALL=C sort | xargs shellcheck --severity=warning --external-sources
