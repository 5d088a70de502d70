# SPDX-License-Identifier: MIT
# A program of 32 bits without a C library of its own: waits for a second, and ends with 0.
	.globl	_start
_start:
	movl	$162, %eax		# nanosleep
	subl	$16, %esp
	movl	$1, (%esp)
	movl	$0, 4(%esp)
	movl	%esp, %ebx
	xorl	%ecx, %ecx
	int	$0x80
	movl	$1, %eax		# exit
	xorl	%ebx, %ebx
	int	$0x80
	.section .note.GNU-stack, "", @progbits
