#!/bin/sh
# Draws the pictures of the email in the README: the HTML part of a preview, in
# light, in dark and from right to left. It needs Chromium and fonts that have
# Arabic letters (Debian: apt install chromium fonts-noto-core).
set -eu
cd "$(dirname "$0")/../.."
chromium=${CHROMIUM:-chromium}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

draw() { # picture, locale, scheme (0 is dark, 1 is light)
    COUNTERSIGN__OFFICE__NAME='Riverside Billing' COUNTERSIGN__OFFICE__COUNTER=3 \
        cargo run --quiet --locked -- --config /dev/null templates preview \
        --channel email --locale "$2" --html "$work/mail.html" >/dev/null 2>&1
    "$chromium" --headless --no-sandbox --disable-gpu --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars \
        --user-data-dir="$work/profile" --window-size=540,590 \
        --blink-settings=preferredColorScheme="$3" \
        --screenshot="docs/pictures/$1" "file://$work/mail.html" 2>/dev/null
    echo "docs/pictures/$1"
}

draw mail-light.png en 1
draw mail-dark.png en 0
draw mail-arabic.png ar 1
