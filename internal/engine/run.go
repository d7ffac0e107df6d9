package engine

import (
	"fmt"
	"os"
	"strings"
)

// Run returns a name for the CLI run that this process belongs to: all provider processes of a run have the same
// parent. Process IDs are reused (in a container, by every run), so the name includes when the parent started, if that
// is known.
func Run() string {
	host, err := os.Hostname()
	if err != nil {
		host = "" // the process ID alone still helps
	}
	run := fmt.Sprintf("%d@%s", os.Getppid(), host)
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", os.Getppid()))
	if start := startIn(string(stat)); err == nil && start != "" {
		run += " since " + start
	}
	return run
}

// startIn returns when a process started, in clock ticks since the system booted. In the stat file of Linux, this is
// field 22; field 2 is a name in parentheses that may contain any character.
func startIn(stat string) string {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return ""
	}
	return fields[19]
}
