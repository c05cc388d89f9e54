# calls-per-request.gp - which system calls a request costs each backend.
#
# A bar a backend, stacked from the calls by name, the waits at the bottom; on top stands
# the total to three decimals, because counted in lockstep it is exact and 3.000 says more
# than 3. Should a total be larger than its calls add up to, the rest is hatched; larger
# or smaller, the script says so on stderr.
#
# Reads, by name: backend, total and, whatever their names, all other columns: one a
# system call, calls per request. CSV with a header; an empty field counts as 0.
# By hand, in the folder of the data (with style.gp beside it, or see there):
#
#	gnuplot calls-per-request.gp
#	gnuplot -e "data='x.csv'; out='x'; title_note='batch of 16'" calls-per-request.gp
#
# Writes OUT.svg (point at a part for its numbers) and OUT.png.

if (!exists("data")) data = 'calls-per-request.csv'
if (!exists("out")) out = 'calls-per-request'
if (!exists("title_note")) title_note = ''
if (!exists("plots")) plots = '.'
title = 'System calls per request'
columns = "backend total"
load plots.'/style.gp'

# --- The calls: the waits first, then receiving, sending and the rest -----------------
WAITS = " epoll_wait epoll_pwait epoll_pwait2 poll ppoll select pselect6 io_uring_enter "
RECEIVES = " recvfrom recvmsg recvmmsg read readv "
SENDS = " sendto sendmsg sendmmsg write writev "
within(list, name) = strstrt(list, " ".name." ") > 0
family(name) = within(WAITS, name) ? 1 : within(RECEIVES, name) ? 2 : \
	within(SENDS, name) ? 3 : 4

# A call has its colour by name, in every picture the same; strangers take theirs in turn.
FIXED = " epoll_wait:#0072B2 epoll_pwait:#0072B2 epoll_pwait2:#2C8FCB poll:#56B4E9 ".\
	"ppoll:#56B4E9 select:#8CCBF0 pselect6:#8CCBF0 io_uring_enter:#00456B ".\
	"recvfrom:#E69F00 recvmsg:#E69F00 recvmmsg:#E69F00 read:#F3C766 readv:#F3C766 ".\
	"sendto:#009E73 sendmsg:#009E73 sendmmsg:#009E73 write:#6CC9AE writev:#6CC9AE ".\
	"epoll_ctl:#CC79A7 accept4:#A0527D close:#6E6E6E "
STRANGERS = "#E5B5CF #A6A6A6 #8A3D68 #C9C9C9 #4D4D4D"
fixed_at(name) = strstrt(FIXED, " ".name.":")
fixed_colour(name) = substr(FIXED, fixed_at(name) + strlen(name) + 2, \
	fixed_at(name) + strlen(name) + 8)

array part[rows] # one column's values, row by row
array peak[header_count] # the largest value of column c; 0: the call was never made
array part_column[header_count] # the columns drawn, from the bottom up
array part_colour[header_count]
parts = 0
strangers = 0
number_or_0(v) = is_number(v) ? v : 0
do for [kind = 1:4] {
	do for [c = 1:header_count] {
		if (header[c] eq "backend" || header[c] eq "total" || \
			family(header[c]) != kind) { continue }
		peak[c] = 0
		stats data using (peak[c] = larger(peak[c], number_or_0(column(c))), 1) \
			nooutput
		# Only calls that were made get a colour and a line in the key.
		if (peak[c] <= 0) { continue }
		parts = parts + 1
		part_column[parts] = c
		if (fixed_at(header[c])) {
			part_colour[parts] = fixed_colour(header[c])
		} else {
			strangers = strangers + 1
			part_colour[parts] = word(STRANGERS, \
				1 + (strangers - 1) % words(STRANGERS))
		}
	}
}

# --- The bars -------------------------------------------------------------------------
array reach[rows] # how high a bar has grown
array calls_named[rows]
array calls_total[rows]
r = 0
stats data using (r = r + 1, calls_total[r] = column("total"), reach[r] = 0., 1) nooutput
array piece_row[rows * (parts + 1)]
array piece_part[rows * (parts + 1)]
array piece_low[rows * (parts + 1)]
array piece_high[rows * (parts + 1)]
pieces = 0
do for [p = 1:parts] {
	r = 0
	stats data using (r = r + 1, part[r] = number_or_0(column(part_column[p])), 1) \
		nooutput
	do for [r = 1:rows] {
		if (part[r] <= 0) { continue }
		pieces = pieces + 1
		piece_row[pieces] = r
		piece_part[pieces] = p
		piece_low[pieces] = reach[r]
		reach[r] = reach[r] + part[r]
		piece_high[pieces] = reach[r]
	}
}
if (pieces == 0) {
	print sprintf("%s: no call was counted, nothing to draw", data)
	exit status 1
}
ROUNDING = 0.0006 * (parts + 1) # every column may be rounded to three decimals
rest(r) = abs(calls_total[r] - calls_named[r]) > ROUNDING ? \
	calls_total[r] - calls_named[r] : 0
unnamed = 0
top = 0.
do for [r = 1:rows] {
	calls_named[r] = reach[r]
	if (!is_number(calls_total[r])) { calls_total[r] = reach[r] }
	if (rest(r) > 0) { unnamed = unnamed + 1 }
	if (rest(r) != 0) {
		print sprintf("%s: %s: the calls add up to %.3f, total says %.3f", data, \
			row_name[r], calls_named[r], calls_total[r])
	}
	top = larger(top, larger(calls_total[r], calls_named[r]))
}
unset datafile columnheaders # the file is read; a data block has no header

set print $parts # the numbers of the pieces: `index` p-1 is part p
do for [p = 1:parts] {
	do for [i = 1:pieces] { if (piece_part[i] == p) { print i } }
	print ""
	print ""
}
set print $bars # the numbers of the rows
do for [r = 1:rows] { print r }
unset print

# --- The page -------------------------------------------------------------------------
FRAME_RIGHT = 0.80 # the key holds names only
set rmargin at screen FRAME_RIGHT
set key at screen FRAME_RIGHT + 0.015, FRAME_TOP - 0.02 invert
set label 6 at screen FRAME_RIGHT + 0.015, FRAME_TOP
pitch_px = (FRAME_RIGHT - FRAME_LEFT) * PAGE_WIDTH / (rows + 0.3)
BAR = smaller(0.76, 150 / pitch_px) # of the room a bar has

# Names that do not fit side by side are tilted, and the frame makes room for the longest.
longest = 0
do for [r = 1:rows] { longest = larger(longest, strlen(short_name(row_name[r]))) }
tilted = longest * 8.5 > pitch_px
FRAME_BOTTOM = tilted ? 0.09 + 0.0065 * larger(longest, 6) : 0.115
set bmargin at screen FRAME_BOTTOM
set xtics () scale 0 noenhanced
if (tilted) { set xtics rotate by 35 right }
set for [r = 1:rows] xtics add (tic_name(row_name[r]) r)
set xrange [0.35 : rows + 0.65]
set yrange [0 : 1.1 * top]
set ytics format "%g"
if (top >= 2 && top <= 12) { set ytics 1 }
set grid noxtics ytics

set label 4 "calls per request"
set label 5 "On top of a bar: its total.".\
	(unnamed ? " Hatched: in the total under no name." : "")
set label 6 "call"

# A part that is high enough carries its number, a wide one its name too.
dark(hex) = ("0x".substr(hex, 2, 3)) * 0.30 + ("0x".substr(hex, 4, 5)) * 0.59 + \
	("0x".substr(hex, 6, 7)) * 0.11 < 140
ink(i) = dark(part_colour[piece_part[i]]) ? 0xFFFFFF : 0x222222
piece_name(i) = header[part_column[piece_part[i]]]
piece_px(i) = (piece_high[i] - piece_low[i]) / (1.1 * top) * \
	(FRAME_TOP - FRAME_BOTTOM) * PAGE_HEIGHT
piece_calls(i) = sprintf("%.3f", piece_high[i] - piece_low[i])
wide(text) = strlen(text) * 6.6 < BAR * pitch_px - 6
piece_text(i) = !wide(piece_calls(i)) || piece_px(i) < 20 ? "" : \
	!wide(piece_name(i)) || piece_px(i) < 40 ? piece_calls(i) : \
	piece_name(i)."\n".piece_calls(i)
piece_middle(i) = 0.5 * (piece_low[i] + piece_high[i])
hover(i) = sprintf("%s: %s, %s a request", hover_name(row_name[piece_row[i]]), \
	hover_name(piece_name(i)), piece_calls(i))

# --- The picture ----------------------------------------------------------------------
set terminal @TERMINAL_SVG
png = 0
set key spacing key_spacing(1.15)
set output out.'.svg'
plot \
	for [p = 1:parts] $parts index p - 1 using (piece_row[$1]):(piece_middle($1)): \
		(piece_row[$1] - BAR / 2):(piece_row[$1] + BAR / 2): \
		(piece_low[$1]):(piece_high[$1]) with boxxyerror fc rgb part_colour[p] \
		fs solid 1.0 border lc rgb "white" lw 1.5 dt solid \
		title short_name(header[part_column[p]]) noenhanced, \
	$bars using (rest($1) > 0 ? $1 : NaN):(calls_named[$1]): \
		($1 - BAR / 2):($1 + BAR / 2):(calls_named[$1]):(calls_total[$1]) \
		with boxxyerror fc rgb "#6E6E6E" \
		fs pattern 4 border lc rgb "#6E6E6E" lw 1 dt solid notitle, \
	$parts using (piece_row[$1]):(piece_middle($1)):(piece_text($1)):(ink($1)) \
		with labels center noenhanced font font_px(12) textcolor rgb variable \
		notitle, \
	$bars using 1:(larger(calls_total[$1], calls_named[$1])):\
		(sprintf("%.3f", calls_total[$1])) with labels center offset 0, 0.8 \
		font font_bold(smaller(16, pitch_px / 3.4)) textcolor rgb "#222222" \
		notitle, \
	$parts using (piece_row[$1]):(piece_middle($1)):(hover($1)) \
		with labels hypertext noenhanced point pt 5 ps mark(5) \
		lc rgb "#FF000000" notitle
set terminal @TERMINAL_PNG
png = 1
set key spacing key_spacing(1.15)
set output out.'.png'
replot
unset output
