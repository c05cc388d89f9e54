# cost-against-idle.gp - what a request costs the server while more and more clients idle.
#
# Server CPU time per request (up, log) against open connections (right, log), a line a
# backend: the point is the median of the blocks, the whisker runs from the smallest block
# to the largest. A backend that looks at every descriptor on each wait climbs along the
# grey O(n) guide; one that is told who is ready stays on O(1). The guides are no fits:
# O(1) starts at the flattest backend's first point, O(n) goes through the last point of
# the backend that climbs most. Lines that lie on each other are drawn one inside the
# other, thick below and thin above, so that none is hidden. The key gives the first and
# the last median of every backend, which the log scale cannot show to three digits, and
# the verdict on its growth, where the data has one.
#
# Reads, by name: backend, connections_active, connections_total, cpu_ns_median,
# cpu_ns_min, cpu_ns_max, blocks, and verdict_note, which may be missing. CSV with a header;
# an empty field was not measured and leaves a gap. Another column can be the x axis:
# x_column and, in words, x_words.
# By hand, in the folder of the data (with style.gp beside it, or see there):
#
#	gnuplot cost-against-idle.gp
#	gnuplot -e "data='x.csv'; out='x'; title_note='4 cores'" cost-against-idle.gp
#
# Writes OUT.svg (point at a mark for its numbers, click a key entry to hide its line) and
# OUT.png.

if (!exists("data")) data = 'cost-against-idle.csv'
if (!exists("out")) out = 'cost-against-idle'
if (!exists("title_note")) title_note = ''
if (!exists("plots")) plots = '.'
if (!exists("x_words")) x_words = 'open connections'
if (!exists("unit")) unit = 'request'
title = 'Server CPU time per '.unit.' against '.x_words
columns = "backend connections_active connections_total ".\
	"cpu_ns_median cpu_ns_min cpu_ns_max blocks"
y_column = "cpu_ns_median"
low_column = "cpu_ns_min"
high_column = "cpu_ns_max"
load plots.'/style.gp'

whisker_low(r) = is_number(low[r]) ? smaller(low[r], value[r]) : value[r]
whisker_high(r) = is_number(high[r]) ? larger(high[r], value[r]) : value[r]

# --- Guides: the flattest backend and the one that climbs most ------------------------
climb(b) = log(value[last[b]] / value[first[b]]) / log(total[last[b]] / total[first[b]])
flat = 0
scan = 0
do for [k = 1:drawn] {
	b = order[k]
	if (!(total[last[b]] > total[first[b]])) { continue }
	if (abs(climb(b)) < 0.5) {
		if (flat == 0 || abs(climb(b)) <= abs(climb(flat))) { flat = b }
	} else {
		# Of the climbers those that were measured furthest out.
		if (scan == 0 || total[last[b]] > total[last[scan]] || \
			(total[last[b]] == total[last[scan]] && climb(b) > climb(scan))) {
			scan = b
		}
	}
}
guides = x_is_total && (flat || scan)
# One kind missing: its guide starts at the other's first point.
anchor_1 = guides ? first[flat ? flat : scan] : 1
anchor_n = guides ? (scan ? last[scan] : first[flat]) : 1
guide_1(v) = value[anchor_1]
guide_n(v) = value[anchor_n] * v / total[anchor_n]

# A guide's name goes where the lines, the whiskers and the other guide leave most room:
# every place along it, on both sides, is charged for what is near.
per_row = 11 # places looked at between two points and along a whisker
array seen_x[rows * per_row]
array seen_y[rows * per_row]
seen = 0
do for [r = 1:rows] {
	if (!is_number(value[r])) { continue }
	do for [i = 0:2] {
		seen = seen + 1
		seen_x[seen] = x_px(total[r])
		seen_y[seen] = y_px(whisker_low(r)) * (2 - i) / 2. + \
			y_px(whisker_high(r)) * i / 2.
	}
	s = smaller(r + 1, rows)
	joined = s != r && row_backend[r] == row_backend[s] && is_number(value[s])
	if (!joined) { continue }
	do for [i = 0:7] {
		seen = seen + 1
		seen_x[seen] = x_px(total[r]) * (8 - i) / 8. + x_px(total[s]) * i / 8.
		seen_y[seen] = y_px(value[r]) * (8 - i) / 8. + y_px(value[s]) * i / 8.
	}
}
guide_name(n) = n ? "O(n)" : "O(1)"
NAME_HALF_PX = 20. # half of its width
charge(dx, dy) = exp(-sqrt(larger(abs(dx) - NAME_HALF_PX, 0)**2 + dy**2) / 8.)
lines_near(px, py) = sum [s = 1:seen] charge(seen_x[s] - px, seen_y[s] - py)
x_along(i) = 10**(x_low + i / 80. * (x_high - x_low))
guide_near(px, py, n) = sum [i = 0:80] charge(x_px(x_along(i)) - px, \
	y_px(n ? guide_n(x_along(i)) : guide_1(x_along(i))) - py)
outside(px, py) = px < 30 || px > FRAME_WIDTH_PX - 30 || py < 16 || \
	py > FRAME_HEIGHT_PX - 16
do for [n = 0:1] {
	if (!guides) { break }
	turn = n ? atan2(y_decade_px, x_decade_px) : 0
	best = NaN
	do for [i = 2:78] {
		do for [aside = -36:36:12] {
			if (aside == 0) { continue }
			v = x_along(i)
			px = x_px(v) - aside * sin(turn)
			py = y_px(n ? guide_n(v) : guide_1(v)) + aside * cos(turn)
			if (outside(px, py)) { continue }
			# Further from its own guide only when that buys room.
			cost = lines_near(px, py) + guide_near(px, py, 1 - n) + \
				abs(aside) / 36.
			if (is_number(best) && cost >= best) { continue }
			best = cost
			set label 10 + n guide_name(n) center \
				at graph px / FRAME_WIDTH_PX, graph py / FRAME_HEIGHT_PX \
				rotate by turn * 180 / pi \
				textcolor rgb "#777777" font font_px(15)
		}
	}
}

# --- Words ----------------------------------------------------------------------------
set label 3 x_title
set label 4 "server CPU time per ".unit." (log scale)"
set label 5 "Point: median of ".blocks_text.". Whisker: smallest to largest block.".\
	(guides ? " Grey: guides, not fits." : "").unmeasured_text
set label 6 "median ".range_text

detail_text(b) = span_text(value[first[b]], value[last[b]], first[b], last[b]).\
	ends_text(first[b], last[b])
# The verdict on a line, where the data has one: "O(n): 48 ns/connection".
verdicts = 0
do for [r = 1:rows] { if (strlen(verdict_note[r])) { verdicts = 1 } }
verdict_text(b) = strlen(verdict_note[first[b]]) ? verdict_note[first[b]] : " "
array hover[rows]
do for [r = 1:rows] {
	if (!is_number(value[r])) { hover[r] = ""; continue }
	hover[r] = sprintf("%s, %s %s: %s (%s to %s)", \
		hover_name(backend_name[row_backend[r]]), count_text(total[r]), x_hover, \
		time_text(value[r]), time_text(whisker_low(r)), \
		time_text(whisker_high(r)))
}

# --- The picture ----------------------------------------------------------------------
# The command is put together because the key alternates: a line's name as it is, then its
# numbers in smaller letters, while there is room. No text of the data is in it, only k.
key_each = drawn <= 8 ? 3 : drawn <= 12 ? 2 : 1
if (verdicts && drawn <= 8) { key_each = 4 }
key_lines = drawn * key_each
command = 'plot for [n = 0:1] guides ? (n ? guide_n(x) : guide_1(x)) : NaN '.\
	'with lines lc rgb GREY_GUIDE lw 1.5 dt dash(DOTTED)'
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
