#include <arch/native.h>
unsigned int __attribute__((weak)) native_count_cpus(void) { return 1; }
bool __attribute__((weak)) native_start_cpu(struct cpu *cpu, uintptr_t stack_top, void (*entry)(void)) { (void)cpu;(void)stack_top;(void)entry; return false; }
void __attribute__((weak)) native_ready_cpu(void) { native_start_timer(); }
void __attribute__((weak)) native_stop_cpu(void) {}
void __attribute__((weak)) native_send_ipi(cpu_set_t set) {(void)set;}
void __attribute__((weak)) native_send_nmi(cpu_set_t set) {(void)set;}
