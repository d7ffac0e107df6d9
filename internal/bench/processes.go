package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
)

// measureProcess measures one provider process, spoken to as the command line does.
func (b *bencher) measureProcess(ctx context.Context, found *results) error {
	w, err := b.newWorld()
	if err != nil {
		return err
	}
	defer w.close()
	runs := 4 * b.runs // they are short
	costs := table{
		title: "The provider process",
		text:  fmt.Sprintf("As the command line starts it and speaks to it, %d runs.", runs),
		head:  []string{"what", "ratio", "ours", "floor"},
	}
	var ratios []float64
	for _, row := range []struct {
		what    string
		format  func(float64) string
		measure func(path string) (float64, error)
	}{
		{"start to schema", milliseconds, func(path string) (float64, error) { return startToSchema(ctx, path, w.variables) }},
		{"resident memory once configured", mebibytes, func(path string) (float64, error) { return b.memory(ctx, path, w.variables, 0) }},
		{"resident memory after 1000 openings", mebibytes, func(path string) (float64, error) { return b.memory(ctx, path, w.variables, 1000) }},
		{"binary, stripped", mebibytes, size},
	} {
		measured, err := inTurns(runs, func() (float64, error) { return row.measure(b.floor) }, func() (float64, error) { return row.measure(b.ours) })
		if err != nil {
			return err
		}
		floor, ours := measured[0], measured[1]
		costs.add(row.what, times(ours.over(floor)), row.format(ours.median()), row.format(floor.median()))
		ratios = append(ratios, ours.over(floor))
	}
	found.aim("process start to schema, to the constant provider", "1.10 ×", times(ratios[0]), ratios[0] <= 1.10)
	memory := max(ratios[1], ratios[2])
	found.aim("resident memory, to the constant provider", "1.15 ×", times(memory), memory <= 1.15)
	found.tables = append(found.tables, costs)
	return nil
}

// startToSchema returns how many seconds a provider takes from its start until it has sent its schema.
func startToSchema(ctx context.Context, path string, variables []string) (float64, error) {
	started := time.Now()
	p, err := startProcess(path, io.Discard, variables...)
	if err != nil {
		return 0, err
	}
	defer p.stop()
	err = p.schema(ctx)
	return time.Since(started).Seconds(), err
}

// memory returns what a provider has in RAM once it has opened so many tokens.
func (b *bencher) memory(ctx context.Context, path string, variables []string, openings int) (float64, error) {
	p, err := startProcess(path, io.Discard, variables...)
	if err != nil {
		return 0, err
	}
	defer p.stop()
	if err := p.schema(ctx); err != nil {
		return 0, err
	}
	if err := p.configure(ctx, b.schemas.Provider); err != nil {
		return 0, err
	}
	for range openings {
		if err := p.open(ctx, b.token(), nil); err != nil {
			return 0, err
		}
	}
	return p.residentMemory()
}

// size returns the size of a file in bytes.
func size(path string) (float64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return float64(info.Size()), nil
}

// measureCrowds measures many processes that need the same token at once.
func (b *bencher) measureCrowds(ctx context.Context, found *results) error {
	w, err := b.newWorld()
	if err != nil {
		return err
	}
	defer w.close()
	crowds := table{
		title: "Many processes at once, one credential, nothing in the cache",
		text: "From the moment at which all configured processes are told to open until the last one has its token. The server\n" +
			"takes " + serverTime.String() + ".",
		head: []string{"processes", "to one process", "ours", "constant", "token requests"},
	}
	var one, last float64
	for _, count := range []int{1, 8, 32} {
		requests := 0
		measured, err := inTurns(b.runs, func() (float64, error) {
			if err := w.forget(); err != nil {
				return 0, err
			}
			w.requests()
			took, err := b.crowd(ctx, b.ours, count, w.variables)
			requests = max(requests, w.requests())
			return took, err
		}, func() (float64, error) { return b.crowd(ctx, b.floor, count, w.variables) })
		if err != nil {
			return err
		}
		if last = measured[0].median(); count == 1 {
			one = last
		}
		crowds.add(number(count), times(last/one), milliseconds(last), milliseconds(measured[1].median()), number(requests))
	}
	limit := 1.5*one + serverTime.Seconds()
	found.aim("32 processes cold on one credential: 1.5 × one process and one request", milliseconds(limit),
		milliseconds(last), last <= limit)
	found.tables = append(found.tables, crowds)
	return nil
}

// crowd lets that many processes open at once and returns how long all of it took.
func (b *bencher) crowd(ctx context.Context, path string, count int, variables []string) (float64, error) {
	var processes []*process
	for range count {
		p, err := startProcess(path, io.Discard, variables...)
		if err != nil {
			return 0, err
		}
		defer p.stop()
		if err := p.configure(ctx, b.schemas.Provider); err != nil {
			return 0, err
		}
		processes = append(processes, p)
	}
	started := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range processes {
		group.Go(func() error { return p.open(ctx, b.token(), nil) })
	}
	err := group.Wait()
	return time.Since(started).Seconds(), err
}
