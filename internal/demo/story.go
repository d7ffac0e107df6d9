package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// tell shows the main job step by step, in directory.
func tell(ctx context.Context, cliPath, directory string) (err error) {
	number := 0
	step := func(title string) {
		number++
		fmt.Printf("\n%d. %s\n\n", number, title)
	}
	fmt.Println("A person signs in to GoTo once, and a configuration uses the token from then on.")
	fmt.Println("GoTo is played by a stand-in on this machine: no account is needed, nothing leaves it.")

	step("Build the provider and put it where only this demo finds it")
	top, err := repository(ctx)
	if err != nil {
		return err
	}
	configFile, err := install(ctx, top, directory)
	if err != nil {
		return err
	}

	step("Start the stand-in")
	server, err := standin.Start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	say("It listens on %s.", server.URL)

	step("Take the configuration examples/sign-in-once")
	w, err := newWorkspace(directory, filepath.Join(top, "examples", "sign-in-once"), cliPath, configFile, server)
	if err != nil {
		return err
	}
	say("It gives the token to a command, which is curl. This machine may have none, so it is the demo here.")
	if err := w.init(ctx); err != nil {
		return err
	}

	step("Apply it: nobody has signed in, so it stops and says where to do that")
	authorizeURL, err := w.applyTooEarly(ctx)
	if err != nil {
		return err
	}

	step("Sign in: the demo opens that address in place of a browser and presses Allow")
	landed, err := allow(ctx, authorizeURL)
	if err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	say("The browser lands on %s", shortened(landed))
	say("There need not be a page. The address has a code in it, of which the demo shows the beginning.")

	step("Apply again with that address")
	once := standin.Counts{Token: 1, Code: 1, Granted: 1, Me: 1}
	if err := w.apply(ctx, authorizeURL, once, "-var", "callback_url="+landed); err != nil {
		return err
	}
	say("The token was opened twice, to plan and to apply. The code went to GoTo once.")

	step("Apply once more without a code: the login is kept under the profile of the configuration")
	twice := once
	twice.Me++
	if err := w.apply(ctx, authorizeURL, twice); err != nil {
		return err
	}
	say("GoTo got no token request.")

	step("Look for secrets")
	if err := w.findNoSecret(); err != nil {
		return err
	}

	fmt.Printf("\nToken requests GoTo has seen: %d.\n", server.Counts().Token)
	fmt.Println("Everything the demo has made is removed again.")
	return nil
}

func say(format string, values ...any) {
	fmt.Println(strings.TrimRight("   "+fmt.Sprintf(format, values...), " "))
}
