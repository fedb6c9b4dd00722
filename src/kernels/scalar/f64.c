/* The scalar kernels for double. C99: the oracle of every test. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REAL double
#define MANTISSA_BITS 53
#define MATH(function) function
#define NAME(function) elegans_##function##_f64

#include "kernels/scalar/copy.inc"
#include "kernels/scalar/elementwise.inc"
#include "kernels/scalar/labels.inc"
#include "kernels/scalar/packed.inc"
#include "kernels/scalar/products.inc"
#include "kernels/scalar/random.inc"
#include "kernels/scalar/reduce.inc"
#include "kernels/scalar/sparse.inc"
