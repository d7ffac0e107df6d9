package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// serverTime is how long GoTo takes to answer, where a part does not say otherwise.
const serverTime = 150 * time.Millisecond

// bencher measures. Each of its measuring methods fills one part of the results.
type bencher struct {
	programs
	directory string
	runs      int
}

func (b *bencher) measureAll(ctx context.Context) (*results, error) {
	found := &results{machine: machine(ctx, b.oursCLI.path), runs: b.runs}
	for _, part := range []struct {
		name    string
		measure func(context.Context, *results) error
	}{
		{"openings inside the process", b.measureOpenings},
		{"the provider process", b.measureProcess},
		{"many processes at once", b.measureCrowds},
		{"one credential on the command line", b.measureOneCredential},
		{"many credentials on the command line", b.measureManyCredentials},
		{"GoTo's limit", b.measureLimit},
	} {
		fmt.Fprintf(os.Stderr, "Measuring %s\n", part.name)
		if err := part.measure(ctx, found); err != nil {
			return nil, fmt.Errorf("measuring %s: %w", part.name, err)
		}
	}
	return found, nil
}

// newWorld returns a world whose server takes serverTime.
func (b *bencher) newWorld() (*world, error) {
	directory, err := os.MkdirTemp(b.directory, "world-")
	if err != nil {
		return nil, err
	}
	w, err := newWorld(directory)
	if err != nil {
		return nil, err
	}
	w.takeTime(serverTime)
	return w, nil
}

// token is the schema of goto_access_token.
func (b *bencher) token() *tfprotov6.Schema {
	return b.schemas.EphemeralResourceSchemas["goto_access_token"]
}
