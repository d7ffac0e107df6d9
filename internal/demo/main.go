// Command demo shows the provider at work on a stand-in for GoTo: a person signs in once, the token
// is used, and later runs need nobody. It fails unless everything it says is so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	name := flag.String("cli", "terraform", "the terraform or tofu to run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	switch flag.Arg(0) {
	case getCommand:
		err = get(ctx, flag.Arg(1))
	case browserCommand:
		err = browse(ctx, flag.Arg(1), flag.Arg(2))
	default:
		err = demonstrate(ctx, *name)
	}
	if ctx.Err() != nil {
		err = errors.New("it was interrupted")
	}
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\nThe demo has failed: %v\n", err)
		os.Exit(1)
	}
}

// demonstrate tells the story in a temporary directory of its own.
func demonstrate(ctx context.Context, cliName string) (err error) {
	directory, err := os.MkdirTemp("", "goto-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	return tell(ctx, cliName, directory)
}
