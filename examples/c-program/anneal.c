/* Simulated annealing for a round trip through 60 cities: prints the length of the shortest one found. */

#include <getopt.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CITIES 60

static double x[CITIES], y[CITIES];
static uint64_t state;

/* Numbers in [0, 1): xorshift64*, so that a seed gives the same run on every machine. */
static double uniform(void) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (double)((state * 2685821657736338717ULL) >> 11) / 9007199254740992.0;
}

static double apart(int a, int b) { return hypot(x[a] - x[b], y[a] - y[b]); }

static double length(const int *tour) {
    double sum = 0;
    for (int i = 0; i < CITIES; i++) sum += apart(tour[i], tour[(i + 1) % CITIES]);
    return sum;
}

static void reverse(int *tour, int from, int to) {
    for (; from < to; from++, to--) {
        int kept = tour[from];
        tour[from] = tour[to];
        tour[to] = kept;
    }
}

static double number(const char *name, const char *text) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end) {
        fprintf(stderr, "anneal: --%s: '%s' is not a number\n", name, text);
        exit(2);
    }
    return value;
}

static void usage(void) {
    puts("Usage: anneal [OPTION]...\n"
         "Find a short round trip through 60 cities by simulated annealing.\n\n"
         "  -t, --temperature=T   temperature to begin with (default 1.0)\n"
         "  -c, --cooling=FACTOR  factor of the temperature per sweep (default 0.95)\n"
         "  -m, --moves=N         moves tried in a sweep (default 500)\n"
         "  -n, --sweeps=N        number of sweeps (default 100)\n"
         "  -g, --greedy          begin with the nearest neighbours, not at random\n"
         "  -s, --seed=N          seed of everything random (default 1)\n"
         "  -h, --help            print this");
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"temperature", required_argument, 0, 't'}, {"cooling", required_argument, 0, 'c'},
        {"moves", required_argument, 0, 'm'},       {"sweeps", required_argument, 0, 'n'},
        {"greedy", no_argument, 0, 'g'},            {"seed", required_argument, 0, 's'},
        {"help", no_argument, 0, 'h'},              {0, 0, 0, 0}};
    double temperature = 1.0, cooling = 0.95;
    long moves = 500, sweeps = 100, seed = 1;
    int greedy = 0, tour[CITIES], found;

    while ((found = getopt_long(argc, argv, "t:c:m:n:gs:h", options, NULL)) != -1) {
        switch (found) {
            case 't': temperature = number("temperature", optarg); break;
            case 'c': cooling = number("cooling", optarg); break;
            case 'm': moves = (long)number("moves", optarg); break;
            case 'n': sweeps = (long)number("sweeps", optarg); break;
            case 'g': greedy = 1; break;
            case 's': seed = (long)number("seed", optarg); break;
            case 'h': usage(); return 0;
            default: return 2;
        }
    }

    /* The cities are always the same; the seed decides about the search. */
    state = 88172645463325252ULL;
    for (int i = 0; i < CITIES; i++) x[i] = uniform(), y[i] = uniform(), tour[i] = i;
    state = 0x9e3779b97f4a7c15ULL * (uint64_t)(seed + 1);
    if (!state) state = 1;
    for (int i = CITIES - 1; i > 0; i--) {
        int j = (int)(uniform() * (i + 1)), kept = tour[i];
        tour[i] = tour[j];
        tour[j] = kept;
    }
    for (int i = 1; greedy && i < CITIES; i++) {
        int best = i;
        for (int j = i + 1; j < CITIES; j++)
            if (apart(tour[i - 1], tour[j]) < apart(tour[i - 1], tour[best])) best = j;
        int kept = tour[i];
        tour[i] = tour[best];
        tour[best] = kept;
    }

    double now = length(tour), shortest = now;
    for (long sweep = 1; sweep <= sweeps; sweep++) {
        for (long move = 0; move < moves; move++) {
            int from = (int)(uniform() * (CITIES - 1)), to = from + 1 + (int)(uniform() * (CITIES - 1 - from));
            int before = (from + CITIES - 1) % CITIES, after = (to + 1) % CITIES;
            if (before == to) continue;
            double change = apart(tour[before], tour[to]) + apart(tour[from], tour[after]) -
                            apart(tour[before], tour[from]) - apart(tour[to], tour[after]);
            if (change < 0 || uniform() < exp(-change / temperature)) {
                reverse(tour, from, to);
                now += change;
            }
        }
        if (now < shortest) shortest = now;
        temperature *= cooling;
        if (sweep % 10 == 0 || sweep == sweeps) {
            printf("{\"epoch\": %ld, \"length\": %.6f, \"temperature\": %.3g}\n", sweep, shortest, temperature);
            fflush(stdout);
        }
    }
    return 0;
}
