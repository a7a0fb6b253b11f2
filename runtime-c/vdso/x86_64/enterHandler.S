// SPDX-License-Identifier: Apache-2.0
//
// Entering a signal handler (arch/x86_64/machine.ts, enterHandler): saves the FPU state in the frame and gives the handler a
// clean one, as Linux does. R11 is where the state goes, RCX the handler, RSI the siginfo, RDX the ucontext.

    .section .stubs, "ax"
    .space 64
enter:
    fxsave64 (%r11)
clean:
    fninit
    ldmxcsr default(%rip)
    jmp *%rcx

// The same for an arithmetic exception of the FPU: which one it was is only in its registers, and no call of seL4's reads those.
// So si_code, FPE_FLTUNK until here, is written here: the first of what is raised and not masked, in Linux's order.
    .org enter + 32
enter_exception:
    fxsave64 (%r11)
    cmpl $16, 200(%rdx)     // REG_TRAPNO: x87, else SSE
    je 1f
    movl 24(%r11), %r8d     // MXCSR: flags, and seven bits further what masks them
    movl %r8d, %r9d
    shrl $7, %r9d
    jmp 2f
1:  movzwl 2(%r11), %r8d    // status word
    movzwl (%r11), %r9d     // control word
2:  notl %r9d
    andl %r9d, %r8d
    movl $7, %r9d           // FPE_FLTINV: invalid operation
    testb $0x01, %r8b
    jnz 3f
    movl $3, %r9d           // FPE_FLTDIV: division by zero
    testb $0x04, %r8b
    jnz 3f
    movl $4, %r9d           // FPE_FLTOVF: overflow
    testb $0x08, %r8b
    jnz 3f
    movl $5, %r9d           // FPE_FLTUND: underflow, denormal operand
    testb $0x12, %r8b
    jnz 3f
    movl $6, %r9d           // FPE_FLTRES: inexact result
    testb $0x20, %r8b
    jz clean
3:  movl %r9d, 8(%rsi)      // si_code
    jmp clean

default:
    .long 0x1f80            // every exception masked, to nearest
