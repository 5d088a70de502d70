/* SPDX-License-Identifier: MIT */
/*
 * Included before everything else of the shim.  A program may come with another, older glibc than the
 * one that we are built with: a version that it lacks would end the program at its start.  These moved
 * from other libraries into libc in glibc 2.34, which keeps their old versions; before, they are there
 * if the program needs that library, and else NULL (aside.h).
 */
#ifndef HL_PRELOAD_VERSIONS_H
#define HL_PRELOAD_VERSIONS_H

#include <dlfcn.h>
#include <pthread.h>

#pragma weak dladdr
#pragma weak dladdr1
#pragma weak dlopen
#pragma weak dlsym
#pragma weak pthread_key_create
#pragma weak pthread_mutex_trylock
#pragma weak pthread_setspecific
__asm__(".symver dladdr, dladdr@GLIBC_2.2.5");
__asm__(".symver dladdr1, dladdr1@GLIBC_2.3.3");
__asm__(".symver dlopen, dlopen@GLIBC_2.2.5");
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
__asm__(".symver pthread_key_create, pthread_key_create@GLIBC_2.2.5");
__asm__(".symver pthread_mutex_trylock, pthread_mutex_trylock@GLIBC_2.2.5");
__asm__(".symver pthread_setspecific, pthread_setspecific@GLIBC_2.2.5");

#endif
