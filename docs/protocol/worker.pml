/* A worker: SCAN, LOCK, RECHECK, START, EVALUATE, REPORT, CLEAR. What it shares with the others is in protocol.pml. */

/* Any open job, but not the one that was held a moment ago if there is another; and of two issues the later one. */
#define IS_LATEST(i) (i == LAST(RUNG(i)) || !job[LAST(RUNG(i))])
#define CAN_TAKE(i) (job[i] && IS_LATEST(i) && !(issue == i && OPEN_JOBS > 1))
#if ISSUES == 1
#define OPEN_JOBS job[1]
#elif ISSUES == 2
#define OPEN_JOBS (job[1] + job[2])
#else
#define OPEN_JOBS (job[1] + job[2] + job[3] + job[4])
#endif

proctype worker(byte me) {
  byte issue, inode = NONE;
  bool believes;
#if REMOVALS > 0
  byte attempt;
#endif
#if RUNGS > 1
  bool fails;
#endif
scan:
  atomic {
    if  /* SCAN; it waits until there is one */
    :: CAN_TAKE(1) -> issue = 1
#if ISSUES > 1
    :: CAN_TAKE(2) -> issue = 2
#endif
#if ISSUES > 2
    :: CAN_TAKE(3) -> issue = 3
    :: CAN_TAKE(4) -> issue = 4
#endif
    fi;
    FATE
  }
  atomic { lock_open(issue); FATE }
  atomic {
    if
    :: CANNOT_LOCK -> drop(inode); goto scan
    :: else -> owner[inode] = me; FATE
    fi
  }
#ifndef NO_RECHECK
  atomic { if :: !job[issue] -> FATE; goto clear_lock :: else -> FATE fi }
  atomic { if :: result[RUNG(issue)] -> BELIEVES(issue); believes = true; FATE; goto clear :: else -> FATE fi }
#endif
  atomic {
    BELIEVES(issue); believes = true; assert(job[issue] || vanished[issue] || withdrawn[issue]);  /* OpenWhileHeld */
    if
    :: name[issue] != NONE && counted[name[issue]] >= ATTEMPTS ->
#if RUNGS > 1
      fails = true;
#endif
      FATE; goto report
    :: else -> give_name(issue);
#ifndef START_NOT_NOTED
      counted[name[issue]]++;
#endif
#if REMOVALS > 0
      attempt = counted[name[issue]];
#endif
      FATE
    fi
  }
#if REMOVALS > 0
  atomic { assert(attempt > files[issue]); files[issue] = attempt; attempt = 0; FATE }  /* EVALUATE; AttemptsApart */
#endif
#if RUNGS > 1
  atomic { if :: RUNG(issue) == 0 -> checkpoint[issue] = true :: else -> skip fi; FATE }  /* EVALUATE */
#endif
#ifdef DEADLY
  atomic { goto killed }  /* EVALUATE */
#endif
  atomic {  /* DROP, or it ends before the next look */
    if
    :: !job[issue] && result[RUNG(issue)] -> FATE; goto clear
    :: !job[issue] && !result[RUNG(issue)] -> FATE; goto clear_lock
    :: true -> skip
    fi
  }
#ifdef CLEAR_BEFORE_REPORT
  atomic { job[issue] = false; FATE }
#endif
report:
  atomic {
#ifdef REPORT_BY_RENAME
    result[RUNG(issue)] = me; if :: first[RUNG(issue)] == 0 -> first[RUNG(issue)] = me :: else -> skip fi;
#else
    if
    :: result[RUNG(issue)] == 0 ->
      result[RUNG(issue)] = me; first[RUNG(issue)] = me;
#if RUNGS > 1
      if :: RUNG(issue) == 0 -> winner = issue; failed = fails :: else -> skip fi;
#endif
    :: else -> skip  /* the second one is kept aside */
    fi;
#endif
#if RUNGS > 1
    fails = false;
#endif
    FATE
  }
clear:
#if REMOVALS > 0
  atomic { files[issue] = 0; FATE }
#endif
#if RUNGS > 1
  if
  :: RUNG(issue) == 0 ->
    atomic { CLEAR_CHECKPOINT(issue); FATE }
    atomic { CLEAR_FILES(issue); FATE }
  :: else -> skip
  fi;
#endif
  atomic { CLEAR_FIRST(issue); FATE }
clear_lock:
  atomic { CLEAR_SECOND(issue); FATE }
  atomic { if :: believes -> holders[issue]--; believes = false :: else -> skip fi; drop(inode); FATE }
  issue = 0;
  goto scan;
killed:
  atomic {
    if :: believes -> holders[issue]--; believes = false :: else -> skip fi;
#ifdef LOCK_OUTLIVES_HOLDER
    if :: inode != NONE && owner[inode] == me -> owner[inode] = CHILD :: else -> skip fi;
    inode = NONE;
#else
    drop(inode);
#endif
#if RUNGS > 1
    fails = false;
#endif
    issue = 0;
    goto scan
  }
}
