#!/bin/awk -f
# Estimates pi: of random points in a square, the share that falls into the circle. One seed for each execution, so that
# many executions together make one large estimate. ESTIVADOR_INDEX is given by Estivador, SAMPLES by who likes.
BEGIN {
    seed = ENVIRON["ESTIVADOR_INDEX"] + 1
    samples = ("SAMPLES" in ENVIRON) ? ENVIRON["SAMPLES"] + 0 : 300000
    if (samples < 1) {
        print "SAMPLES must be a number above 0" > "/dev/stderr"
        exit 2
    }
    srand(seed)
    for (i = 0; i < samples; i++) {
        x = rand()
        y = rand()
        if (x * x + y * y <= 1) inside++
    }
    printf "pi=%.6f inside=%d samples=%d\n", 4 * inside / samples, inside, samples
}
