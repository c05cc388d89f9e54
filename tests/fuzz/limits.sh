# limits.sh - sets limits: what one input of $target may take, and how long it may be.
# fuzz.c measures CPU time and heap itself; these catch what never comes back, and one
# allocation that is out of all bounds.
limits="-timeout=10 -malloc_limit_mb=64 -rss_limit_mb=1024 -use_value_profile=0"
case "$target" in
options | parse | proc) limits="$limits -max_len=4096" ;;
*) limits="$limits -max_len=32768" ;;
esac
dictionary="$here/dictionary/$target"
[ ! -e "$dictionary" ] || limits="$limits -dict=$dictionary"
