#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# One test of BusyBox's own suite, as its runtest calls them, but without making the links to all applets each time:
#
#     busyboxTest.sh new APPLET         the file APPLET.tests, which prints a verdict for each of its tests
#     busyboxTest.sh old APPLET CASE    the script APPLET/CASE, whose exit code is the verdict

export bindir=/suite/busybox tsdir=/suite/busybox/testsuite
export LINKSDIR=$bindir/links OPTIONFLAGS VERBOSE= ECHO=echo
OPTIONFLAGS=$(cat $bindir/options)
export PATH=$LINKSDIR:$tsdir:$bindir:$PATH
case $1 in
new)
    cd $tsdir && exec ./"$2".tests
    ;;
old)
    mkdir work && cd work && d=$tsdir exec sh -x -e "$tsdir/$2/$3"
    ;;
esac
