package engine

import (
	"fmt"
	"os"
	"strings"
)

// Run names the run of the command line that this process belongs to: all provider processes of a run have one parent.
// Process IDs come back, in a container in every run, so its start is part of the name where the system tells it.
func Run() string {
	host, err := os.Hostname()
	if err != nil {
		host = "" // the process alone still tells something
	}
	run := fmt.Sprintf("%d@%s", os.Getppid(), host)
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", os.Getppid()))
	if start := startIn(string(stat)); err == nil && start != "" {
		run += " since " + start
	}
	return run
}

// startIn returns when a process has started, in ticks since the system has, from what Linux tells of it: field 22,
// where the second is a name in parentheses that may have any character.
func startIn(stat string) string {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return ""
	}
	return fields[19]
}
