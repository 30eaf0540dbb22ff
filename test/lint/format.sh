# the C sources are formatted
command -v clang-format-14 >/dev/null || { echo "# skip: clang-format-14 is not installed"; exit 0; }
test/format --check
