# a TAP test's server is made by CdpTest, whose encoding and locale are not the environment's
! grep -nE -e '->init\b|->init\(' test/tap/*.pl | grep .
