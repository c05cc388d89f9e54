# latency-against-idle.gp - how long a request takes while more and more clients sit idle.
#
# Latency (up, log) against open connections (right, log), two lines a backend in one
# colour: p50 solid with filled marks, p99 thin and dashed with open marks. A p99 that was
# not measured, or withheld because too few samples lie beyond it, leaves a gap. p50 lines
# that lie on each other are drawn one inside the other, thick below and thin above, so
# that none is hidden. Colours and shapes are those of cost-against-idle.gp. The key gives
# the first and the last value of both, which the log scale cannot show to three digits.
#
# Reads, by name: backend, connections_active, connections_total, p50_ns, p99_ns, blocks.
# CSV with a header; an empty field was not measured.
# By hand, in the folder of the data (with style.gp beside it, or see there):
#
#	gnuplot latency-against-idle.gp
#	gnuplot -e "data='x.csv'; out='x'; title_note='4 cores'" latency-against-idle.gp
#
# Writes OUT.svg (point at a mark for its numbers, click a key entry to hide its line) and
# OUT.png. Without variables it reads cost-against-idle.csv: both pictures share the file.

if (!exists("data")) data = 'cost-against-idle.csv'
if (!exists("out")) out = 'latency-against-idle'
if (!exists("title_note")) title_note = ''
if (!exists("plots")) plots = '.'
if (!exists("x_words")) x_words = 'open connections'
title = 'Latency of a request against '.x_words
columns = "backend connections_active connections_total p50_ns p99_ns blocks"
y_column = "p50_ns"
low_column = "p50_ns"
high_column = "p99_ns"
load plots.'/style.gp'

# --- Words ----------------------------------------------------------------------------
set label 3 x_title
set label 4 "latency of a request (log scale)"
set label 5 "Solid, filled: p50. Thin, dashed, open: p99. From ".blocks_text.".".\
	unmeasured_text
set label 6 range_text

p50_text(b) = "p50 ".span_text(value[first[b]], value[last[b]], first[b], last[b]).\
	ends_text(first[b], last[b])
array first_99[backends]
array last_99[backends]
do for [b = 1:backends] { first_99[b] = 0; last_99[b] = 0 }
do for [r = 1:rows] {
	if (!is_number(high[r])) { continue }
	b = row_backend[r]
	if (first_99[b] == 0 || total[r] < total[first_99[b]]) { first_99[b] = r }
	if (last_99[b] == 0 || total[r] > total[last_99[b]]) { last_99[b] = r }
}
p99_text(b) = first_99[b] == 0 ? "p99 not measured" : "p99 ".\
	span_text(high[first_99[b]], high[last_99[b]], first_99[b], last_99[b]).\
	(first_99[b] == first[b] && last_99[b] == last[b] ? "" : \
	ends_text(first_99[b], last_99[b]))
array hover[rows]
do for [r = 1:rows] {
	if (!is_number(value[r])) { hover[r] = ""; continue }
	hover[r] = sprintf("%s, %s %s: p50 %s, p99 %s", \
		hover_name(backend_name[row_backend[r]]), count_text(total[r]), x_hover, \
		time_text(value[r]), \
		is_number(high[r]) ? time_text(high[r]) : "not measured")
}

# --- The picture ----------------------------------------------------------------------
# The command is put together because the key alternates: a line's name as it is, then the
# numbers of p50 and, with its own sample, of p99 in smaller letters, while there is room.
# No text of the data is in it, only k.
key_each = drawn <= 7 ? 4 : drawn <= 12 ? 2 : 1
key_lines = drawn * key_each
command = 'plot '
do for [k = 1:drawn] {
	for_k = (k > 1 ? ', ' : '').sprintf('for [k = %d:%d] ', k, k)
	command = command.for_k.'$series index k - 1 using (total[$1]):(value[$1]) '.\
		'with linespoints lc rgb colour(order[k]) lw width(k) dt dash(SOLID) '.\
		'pt shape_filled(order[k]) ps size(k) '.\
		'title short_name(backend_name[order[k]]) noenhanced'
	for_k = sprintf(', for [k = %d:%d] ', k, k)
	if (key_each >= 4) {
		command = command.for_k.KEY_NOTE.\
			'title "{/*0.85 ".p50_text(order[k])."}" enhanced'
	}
	command = command.for_k.'$series index k - 1 using (total[$1]):(high[$1]) '.\
		'with linespoints lc rgb colour(order[k]) lw 1.4 dt dash(DASHED) '.\
		'pt shape_open(order[k]) ps mark(1.15) '.\
		(key_each >= 2 ? 'title "{/*0.85 ".p99_text(order[k])."}" enhanced' : \
		'notitle')
	if (key_each >= 4) { command = command.', '.KEY_NOTE.'title " "' }
}
command = command.', $series using (total[$1]):(value[$1]):(hover[$1]) with labels '.\
	'hypertext noenhanced point pt 7 ps mark(1.6) lc rgb "#FF000000"'.\
	', $series using (total[$1]):(high[$1]):(hover[$1]) with labels '.\
	'hypertext noenhanced point pt 7 ps mark(1.6) lc rgb "#FF000000"'
key_squeeze = smaller(key_each >= 4 ? 0.8 : 1, KEY_LINES_MAX / key_lines)
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
