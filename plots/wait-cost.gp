# wait-cost.gp - what one wait costs while more and more descriptors are registered.
#
# Time of one wait that does not sleep (up, log) against descriptors registered (right,
# log), a line a backend: the point is the median of the blocks, the whisker runs from the
# smallest block to the largest. No network is in it, so the lines start where the system
# call itself ends: poll and select climb along the grey O(n) guide at once, epoll stays
# on O(1). The guides are no fits: O(1) starts at the first point of the backend that
# climbs least, O(n) goes through the last point of the one that climbs most. Lines that
# lie on each other are drawn one inside the other, thick below and thin above, so that
# none is hidden. The key gives the first and the last median of every backend and the
# verdict on its growth, where the data has one.
#
# Reads, by name: backend, descriptors, ready, wait_ns_median, wait_ns_min, wait_ns_max,
# blocks, and verdict_note, which may be missing. CSV with a header; an empty field was
# not measured and leaves a gap.
# By hand, in the folder of the data (with style.gp beside it, or see there):
#
#	gnuplot wait-cost.gp
#	gnuplot -e "data='x.csv'; out='x'; title_note='4 cores'" wait-cost.gp
#
# Writes OUT.svg (point at a mark for its numbers, click a key entry to hide its line) and
# OUT.png.

if (!exists("data")) data = 'wait-cost.csv'
if (!exists("out")) out = 'wait-cost'
if (!exists("title_note")) title_note = ''
if (!exists("plots")) plots = '.'
title = 'Time of one wait against descriptors registered'
columns = "backend descriptors ready wait_ns_median wait_ns_min wait_ns_max blocks"
x_column = "descriptors"
x_words = "descriptors registered"
active_column = "ready"
y_column = "wait_ns_median"
low_column = "wait_ns_min"
high_column = "wait_ns_max"
load plots.'/style.gp'

whisker_low(r) = is_number(low[r]) ? smaller(low[r], value[r]) : value[r]
whisker_high(r) = is_number(high[r]) ? larger(high[r], value[r]) : value[r]

# --- Guides: the backend that climbs least and the one that climbs most ----------------
climb(b) = log(value[last[b]] / value[first[b]]) / log(total[last[b]] / total[first[b]])
flat = 0
scan = 0
do for [k = 1:drawn] {
	b = order[k]
	if (!(total[last[b]] > total[first[b]])) { continue }
	if (climb(b) < 0.5 && (flat == 0 || climb(b) < climb(flat))) { flat = b }
	# Of the climbers the one that was measured furthest out.
	if (climb(b) >= 0.5 && (scan == 0 || total[last[b]] > total[last[scan]])) { scan = b }
}
guide_1(v) = flat ? value[first[flat]] : NaN
guide_n(v) = scan ? value[last[scan]] * v / total[last[scan]] : NaN

# --- Words ----------------------------------------------------------------------------
set label 3 x_title
set label 4 "time of one wait (log scale)"
set label 5 "Point: median of ".blocks_text.". Whisker: smallest to largest block.".\
	unmeasured_text
set label 6 "median ".range_text

detail_text(b) = span_text(value[first[b]], value[last[b]], first[b], last[b]).\
	ends_text(first[b], last[b])
verdicts = 0
do for [r = 1:rows] { if (strlen(verdict_note[r])) { verdicts = 1 } }
verdict_text(b) = strlen(verdict_note[first[b]]) ? verdict_note[first[b]] : " "
array hover[rows]
do for [r = 1:rows] {
	if (!is_number(value[r])) { hover[r] = ""; continue }
	hover[r] = sprintf("%s, %s registered: %s (%s to %s)", \
		hover_name(backend_name[row_backend[r]]), count_text(total[r]), \
		time_text(value[r]), time_text(whisker_low(r)), \
		time_text(whisker_high(r)))
}

# --- The picture ----------------------------------------------------------------------
# The command is put together because the key alternates: a line's name as it is, then its
# numbers in smaller letters, while there is room. No text of the data is in it, only k.
key_each = drawn <= 8 ? 3 : drawn <= 12 ? 2 : 1
if (verdicts && drawn <= 8) { key_each = 4 }
key_lines = drawn * key_each + 1
GUIDE = 'with lines lc rgb GREY_GUIDE lw 1.5 dt dash(DOTTED) '
command = 'plot for [n = 0:1] n ? guide_n(x) : guide_1(x) '.GUIDE.'notitle'
do for [k = 1:drawn] {
	for_k = sprintf(', for [k = %d:%d] ', k, k)
	command = command.for_k.'$series index k - 1 using (total[$1]):(value[$1]) '.\
		'with linespoints lc rgb colour(order[k]) lw width(k) dt dash(rank[k]) '.\
		'pt shape_filled(order[k]) ps size(k) '.\
		'title short_name(backend_name[order[k]]) noenhanced'
	if (key_each >= 2) {
		command = command.for_k.KEY_NOTE.\
			'title "{/*0.85 ".detail_text(order[k])."}" enhanced'
	}
	if (key_each >= 4) {
		command = command.for_k.KEY_NOTE.\
			'title "{/*0.85 ".verdict_text(order[k])."}" enhanced'
	}
	if (key_each >= 3) { command = command.', '.KEY_NOTE.'title " "' }
	command = command.for_k.'$series index k - 1 using (total[$1]):'.\
		'(whisker_low($1)):(0):(whisker_high($1) - whisker_low($1)) '.\
		'with vectors nohead lc rgb colour(order[k]) lw 1.5'
}
if (flat || scan) {
	command = command.', keyentry '.GUIDE.'title "guides: '.(scan ? 'O(n)' : '').\
		(flat && scan ? ', ' : '').(flat ? 'O(1)' : '').'"'
}
command = command.', $series using (total[$1]):(value[$1]):(hover[$1]) with labels '.\
	'hypertext noenhanced point pt 7 ps mark(1.6) lc rgb "#FF000000"'
key_squeeze = smaller(key_each >= 3 ? 0.8 : 1, KEY_LINES_MAX / key_lines)
png = 0
set key spacing key_spacing(key_squeeze)
set terminal @TERMINAL_SVG
set output out.'.svg'
eval command
png = 1
set key spacing key_spacing(key_squeeze)
set terminal @TERMINAL_PNG
set output out.'.png'
replot
unset output
