/* The protocol of common/claim.py for one trial, in Promela, for Spin 6.5: one master, WORKERS workers.
 *
 *   spin -a protocol.pml
 *   cc -O2 -DSAFETY -DNOCLAIM -o safety pan.c && ./safety -m1000000      the assertions
 *   cc -O2 -DNFAIR=3 -o liveness pan.c && ./liveness -m1000000 -a -f -N ends       and that every trial ends
 *
 * Each atomic block is one file-system operation, named as in common/claim.py. After any of them a process may be
 * killed or stopped, as often as CRASHES and STOPS allow, or a job removed by hand, as often as REMOVALS does (STOPS and
 * REMOVALS together at most 1). A file is seen whole or not at all, so contents and temporary files are left out; of
 * curves there is no more than that an attempt has one. This file holds what all processes see, worker.pml and
 * master.pml what each of them does.
 *
 *   -DRECORD            the master keeps a journal
 *   -DLOST_JOURNALS=1   and somebody may remove it, as often as this says; not with REMOVALS
 *   -DRUNGS=2           the trial is promoted once, and its checkpoint is kept for that; not with REMOVALS
 *
 * `spin -a -DNAME` breaks it:
 *
 *   SUPERSEDED_JOB_LEFT  WITHDRAWN_BEFORE_PUBLISHED_AGAIN
 *   NO_RECHECK  CLEAR_BEFORE_REPORT  REPORT_BY_RENAME  LOCK_FILE_BEFORE_JOB  LOCK_OUTLIVES_HOLDER  SILENCE_IGNORED
 *   START_NOT_NOTED (with DEADLY: every evaluation kills its worker)  RESULTS_LISTED_FIRST
 *   LOCK_WITHOUT_NAME, NAME_USED_TWICE (with REMOVALS=1)
 *   PUBLISHED_BEFORE_RECORDED, PROPOSED_AGAIN (with RECORD)
 *   NOT_RECORDED_AGAIN, RECORDED_FROM_RESULTS_FIRST (with LOST_JOURNALS=1)
 *   FILES_BEFORE_CHECKPOINT, CHECKPOINT_REMOVED_AT_PROMOTION (with RUNGS=2)
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef STOPS
#define STOPS 1
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 2
#endif
#ifndef REMOVALS
#define REMOVALS 0
#endif
#ifndef RUNGS
#define RUNGS 1
#endif
#ifndef LOST_JOURNALS
#define LOST_JOURNALS 0
#elif LOST_JOURNALS > 0
#define RECORD
#endif
#if REMOVALS > 0 && (RUNGS > 1 || LOST_JOURNALS > 0)
#error "REMOVALS go with neither RUNGS nor LOST_JOURNALS"
#endif
#define PER_RUNG (STOPS + REMOVALS + 1)
#define ISSUES (RUNGS * PER_RUNG)  /* numbered from 1 on, those of rung 0 first */
#define FIRST(r) ((r) * PER_RUNG + 1)
#define LAST(r) ((r) * PER_RUNG + PER_RUNG)
#define RUNG(i) ((i) > PER_RUNG -> 1 : 0)
#define TOP (RUNGS - 1)
#define INODES 8
#define NONE INODES
#define NOBODY 255
#define CHILD 254 /* of a dead worker, with LOCK_OUTLIVES_HOLDER */
#define MASTER 0

byte crashes = CRASHES, stops = STOPS, removals = REMOVALS;
bool stopped[WORKERS + 1], gone[WORKERS + 1];

bool job[ISSUES + 1];         /* is the job file there? Index 0 is not used */
byte name[ISSUES + 1];        /* which lock file has the issue's name */
byte owner[INODES];           /* who holds the lock on a lock file, with a name or without */
byte links[INODES];           /* names and open descriptors; 0: free to be used again */
byte counted[INODES];         /* attempts that its text shows and that count */
byte issued[RUNGS];           /* how many jobs of a rung were ever published */
bool withdrawn[ISSUES + 1];   /* did the master remove the job, because a later issue has taken its place? */
bool vanished[ISSUES + 1];    /* was the job removed by hand, and never published again? */
bool missing;                 /* has the trial no job since then? */
byte files[ISSUES + 1];       /* the last attempt at an issue that left a curve */
byte result[RUNGS], first[RUNGS];  /* whose result has the name, and had it first: worker + 1; 0: nobody's */
byte holders[ISSUES + 1];     /* processes that believe to hold an issue */
bool collected;

#ifdef RECORD
/* A proposal is a number; 0: none. All jobs and the result of a rung are of the one that was published: see put_out. */
byte lost_journals = LOST_JOURNALS;
byte record[RUNGS];           /* what the journal holds */
byte recorded[RUNGS];         /* the last that it ever held */
byte published[RUNGS];        /* what the first issue asked for */
#endif

#if RUNGS > 1
byte winner;                  /* the issue at which an attempt won on rung 0 */
bool failed;                  /* that result is FAILED, so the trial is not promoted */
bool checkpoint[ISSUES + 1];  /* the checkpoint of the last attempt at an issue of rung 0 */
bool kept;                    /* is the checkpoint kept for rung 1? */
#define IS_KEPT (kept || (checkpoint[winner] && (job[winner] || withdrawn[winner])))
#define CHECKPOINT_KEPT assert(!result[0] || failed || result[1] || IS_KEPT)
#define ANY_LOST (IS_LOST(0) || IS_LOST(1))
#define ANY_OVERWRITTEN (result[0] != first[0] || result[1] != first[1])
#else
#define CHECKPOINT_KEPT skip
#define ANY_LOST IS_LOST(0)
#define ANY_OVERWRITTEN (result[0] != first[0])
#endif

#define BELIEVES(i) holders[i]++; assert(holders[i] == 1)   /* ExclusiveClaim */
#define IS_OPEN(r) (job[FIRST(r)] || job[LAST(r)])
#define IS_LOST(r) (issued[r] > 0 && result[r] == 0 && !IS_OPEN(r) && !missing)

/* What may befall a process after any step. The kernel frees a dead process's lock. */
#define FATE \
  assert(!ANY_OVERWRITTEN);  /* OneResult, NothingOverwritten */ \
  assert(!ANY_LOST);         /* NothingLost */ \
  CHECKPOINT_KEPT; \
  if \
  :: crashes > 0 -> crashes--; goto killed \
  :: stops > 0 && me != MASTER -> stops--; stopped[me] = true; !stopped[me] \
  :: true -> skip \
  fi

inline drop(n) {
  if
  :: n != NONE -> links[n]--; if :: owner[n] == me -> owner[n] = NOBODY :: else -> skip fi
  :: else -> skip
  fi;
  n = NONE
}

inline unname(i) {
  if :: name[i] != NONE -> links[name[i]]--; name[i] = NONE :: else -> skip fi
}

inline give_name(i) {
  if
  :: name[i] == NONE ->
    name[i] = 0;
    do :: links[name[i]] > 0 -> name[i]++; assert(name[i] < INODES) :: else -> break od;
    links[name[i]] = 1; owner[name[i]] = NOBODY; counted[name[i]] = 0
  :: else -> skip
  fi
}

/* LOCK in two steps: open, or make, the file of that name; then lock it, whatever became of its name. */
inline lock_open(i) { give_name(i); inode = name[i]; links[inode]++ }

#if REMOVALS > 0 && !defined(LOCK_WITHOUT_NAME)  /* kernel_lock.py refuses a file that has lost its name */
#define CANNOT_LOCK (owner[inode] != NOBODY || name[issue] != inode)
#else
#define CANNOT_LOCK (owner[inode] != NOBODY)
#endif

#ifdef LOCK_FILE_BEFORE_JOB
#define CLEAR_FIRST(i) unname(i)
#define CLEAR_SECOND(i) job[i] = false
#else
#define CLEAR_FIRST(i) job[i] = false
#define CLEAR_SECOND(i) unname(i)
#endif

#if RUNGS > 1
/* The first two steps of CLEAR on rung 0: the winner's checkpoint is kept, then the attempts' files are removed. */
inline keep(i) {
  if
  :: i == winner && result[0] && !failed && !kept && checkpoint[i] -> kept = true; checkpoint[i] = false
  :: else -> skip
  fi
}
#ifdef FILES_BEFORE_CHECKPOINT
#define CLEAR_CHECKPOINT(i) checkpoint[i] = false
#define CLEAR_FILES(i) keep(i)
#else
#define CLEAR_CHECKPOINT(i) keep(i)
#define CLEAR_FILES(i) checkpoint[i] = false
#endif
#endif

#include "worker.pml"
#include "master.pml"

/* Who was stopped goes on, or never does. */
proctype world() {
end:
  do
  :: atomic { stopped[1] && !gone[1] -> stopped[1] = false }
  :: atomic { stopped[1] && !gone[1] -> gone[1] = true }
#if WORKERS > 1
  :: atomic { stopped[2] && !gone[2] -> stopped[2] = false }
  :: atomic { stopped[2] && !gone[2] -> gone[2] = true }
#endif
  od
}

#if REMOVALS > 0 || LOST_JOURNALS > 0
proctype hand() {
end:
  do
#if REMOVALS > 0
  :: atomic { removals > 0 && job[1] -> removals--; job[1] = false; vanished[1] = true; missing = (result[0] == 0 && !IS_OPEN(0)) }
  :: atomic { removals > 0 && job[2] -> removals--; job[2] = false; vanished[2] = true; missing = (result[0] == 0 && !IS_OPEN(0)) }
#endif
#if LOST_JOURNALS > 0
  :: atomic { lost_journals > 0 && record[0] -> lost_journals--; record[0] = 0; record[TOP] = 0 }
#endif
  od
}
#endif

init {
  byte i;
  atomic {
    for (i : 0 .. ISSUES) { name[i] = NONE }
    for (i : 0 .. INODES - 1) { owner[i] = NOBODY }
    run world();
#if REMOVALS > 0 || LOST_JOURNALS > 0
    run hand();
#endif
    run master(MASTER);
    for (i : 1 .. WORKERS) { run worker(i) }
  }
}

#define CLEAN(r) (!IS_OPEN(r) && name[FIRST(r)] == NONE && name[LAST(r)] == NONE)
#if RUNGS > 1
#define NOTHING_LEFT (CLEAN(0) && CLEAN(1) && !kept && !checkpoint[FIRST(0)] && !checkpoint[LAST(0)])
#else
#define NOTHING_LEFT CLEAN(0)
#endif

ltl ends { <> collected }                                       /* EveryTrialEnds */
ltl tidy { <> [] (NOTHING_LEFT || gone[1] || gone[WORKERS]) }    /* NoLeftovers, once nobody dies any more */
