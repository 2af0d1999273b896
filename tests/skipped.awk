# How many tests were skipped, and why: they say so in a line of their output.
/^---- .* stdout ----$/ { test = $2 }
/^skipped: / && !(test in why) { why[test] = substr($0, 10); count++ }
END {
    printf "%d tests were skipped\n", count
    for (test in why) print "  " test ": " why[test]
}
