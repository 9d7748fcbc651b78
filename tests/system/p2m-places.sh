# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builders put the P2M in different places; the kernel must start from any of them. For files beside
# this one, which source it after lib.sh: places KIND-OF-DOMAIN

# kernel_asking_for ADDRESS NAME: a copy of the kernel whose ELF note INIT_P2M has that address.
kernel_asking_for() {
	local note at
	# Name size 4, descriptor size 8, type 15, "Xen": public/elfnote.h.
	note='\x04\x00\x00\x00\x08\x00\x00\x00\x0f\x00\x00\x00Xen\x00'
	at=$(LC_ALL=C grep -obUaP "$note" "$build/pinwheel" | head -n 1 | cut -d: -f1)
	cp "$build/pinwheel" "$work/$2"
	printf '%016x' "$1" | sed 's/../&\n/g' | tac | sed '/^$/d; s/^/\\x/' | tr -d '\n' >"$work/bytes"
	printf "$(cat "$work/bytes")" | dd of="$work/$2" bs=1 seek=$((at + 16)) conv=notrunc status=none
	echo "$work/$2"
}

# Not the boot suite, which compares the notes with what they should be.
suites=direct_map,frames,known_traps,p2m,protect

places() {
	# Another root slot of its own.
	guest_suites elsewhere "$@" --kernel "$(kernel_asking_for 0xffffd00000000000 slot)" -- selftest=$suites
	check "elsewhere: remapped, since it is in the way of nothing" logged "P2M remapped to ffffc80000000000 (it is in the way of nothing)"
	# The very slot where the kernel wants it.
	guest_suites window "$@" --kernel "$(kernel_asking_for 0xffffc80000000000 window)" -- selftest=$suites
	check "window: copied, and says why" logged "P2M copied to ffffc80000000000 (the builder put it into the window, root slot 400)"
}
