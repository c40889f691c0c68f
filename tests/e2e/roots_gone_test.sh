# Removes what roots_test.sh has prepared.
. "$TOP/tests/e2e/lib.sh"
as_root_inside rm -rf "$ROOTS"
[ ! -e "$ROOTS" ] || die "$ROOTS cannot be removed"
