package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin/chromium"
)

// tell shows the main job step by step, in directory.
func tell(ctx context.Context, cliName, directory string) (err error) {
	number := 0
	step := func(title string) {
		number++
		fmt.Printf("\n%d. %s\n\n", number, title)
	}
	fmt.Println("A person signs in to GoTo once, and a configuration uses the token from then on.")
	fmt.Println("GoTo is played by a stand-in on this machine: no account is needed, nothing leaves it.")

	server, err := standin.Start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()

	step("Build the provider, and take the configuration examples/sign-in-once")
	c, err := newCLI(ctx, cliName, directory, server)
	if err != nil {
		return err
	}
	say("It gives the token to a command, which is curl. This machine may have none, so it is the demo here.")

	if path, found := chromium.Find(); found {
		step("Apply it: nobody has signed in, so it opens a browser, waits for the person, and goes on")
		err = signInByClick(ctx, c, server, path)
	} else {
		err = signInByPaste(ctx, c, server, step)
	}
	if err != nil {
		return err
	}
	say("The token was opened twice, to plan and to apply. The code went to GoTo once.")

	step("Apply once more: the login is kept under the profile of the configuration")
	if err := apply(ctx, c, server); err != nil {
		return err
	}
	say("GoTo got no token request.")

	step("Look for secrets")
	secrets := server.Secrets()
	if err := c.findNone(secrets, standin.ClientID); err != nil {
		return err
	}
	say("Looked for  the client secret, its Basic header, the code, the access token, the refresh token,")
	say("            as they are, base64-encoded and URL-encoded: %d secrets", len(secrets))
	say("Looked in   the state, the token cache, everything %s has printed", c.name())
	say("Found       nothing")

	fmt.Println("\nEverything the demo has made is removed again.")
	return nil
}

var (
	opened   = regexp.MustCompile(`(?m)^ephemeral\..*: Open(ing)? complete`)
	relevant = regexp.MustCompile(`^ephemeral\..*: Open(ing)? complete|^Plan:|^terraform_data\..*: Creation complete|^Apply complete!`)
)

// apply applies the configuration, which has to open the token twice, with one token request in all, and
// to use it.
func apply(ctx context.Context, c *cli, server *standin.Server, options ...string) error {
	before := server.Counts().Me
	printed, err := c.run(ctx, append([]string{"apply", "-auto-approve"}, options...)...)
	if err != nil {
		return err
	}
	show(printed, relevant)
	counts := server.Counts()
	if n := len(opened.FindAllString(printed, -1)); n != 2 || counts.Token != 1 || counts.Me != before+1 {
		return fmt.Errorf("the token was to be opened twice and used once. It was opened %d times, and GoTo has seen %+v", n, counts)
	}
	person, err := c.answer()
	say("terraform_data.me called GET Me with the token. The answer is %s.", person)
	return err
}

// show prints the lines that pattern matches.
func show(printed string, pattern *regexp.Regexp) {
	for line := range strings.Lines(printed) {
		if line = strings.TrimRight(line, "\r\n"); pattern.MatchString(line) {
			say("  %s", line)
		}
	}
}

func say(format string, values ...any) {
	fmt.Println(strings.TrimRight("   "+fmt.Sprintf(format, values...), " "))
}

var code = regexp.MustCompile(`(\bcode=[\w.%-]{8})[\w.%-]+`)

// shortened takes the end off every authorization code in text.
func shortened(text string) string { return code.ReplaceAllString(text, "$1…") }
