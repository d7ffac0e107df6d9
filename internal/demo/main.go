// Command demo shows the provider with a stand-in for GoTo: a person signs in once, the token is used, and later runs
// need no person. It checks everything that it says, and fails if something is not true.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/terraform-goto/terraform-provider-goto/internal/commandline"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin/chromium"
)

func main() {
	name := flag.String("cli", "terraform", "the terraform or tofu to run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	switch flag.Arg(0) { // the configuration and the provider run this program, too
	case "get":
		err = get(ctx, flag.Arg(1))
	case "browse":
		err = browse(ctx, flag.Arg(1), flag.Arg(2))
	default:
		err = walkThrough(ctx, *name)
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\nThe demo failed: %v\n", err)
		os.Exit(1)
	}
}

// demo is the state of the demo. The working directory contains everything that is searched for secrets.
type demo struct {
	commandline.CommandLine
	server *standin.Server
	self   string // this program
}

// walkThrough shows the main use step by step, in a temporary directory.
func walkThrough(ctx context.Context, cli string) (err error) {
	fmt.Println("A person signs in to GoTo once, and a configuration uses the token from then on.")
	fmt.Println("A stand-in on this machine plays GoTo: no account is needed, and nothing leaves the machine.")
	directory, err := os.MkdirTemp("", "goto-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	server, err := standin.Start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()

	step(1, "Build the provider, and take the configuration examples/sign-in-once")
	d, err := prepare(ctx, cli, directory, server)
	if err != nil {
		return err
	}
	say("It passes the token to a command, usually curl. The demo replaces curl, which may be missing here.")

	if browser, found := chromium.Find(); found {
		step(2, "Apply it: nobody has signed in, so it opens a browser, waits for the person, and continues")
		err = d.signInByClick(ctx, browser)
	} else {
		step(2, "Apply it: nobody has signed in, so it stops and says where to sign in")
		err = d.signInByPaste(ctx)
	}
	if err != nil {
		return err
	}
	say("The token was opened twice, to plan and to apply. The code went to GoTo once.")

	step(3, "Apply again: the login is stored under the profile of the configuration")
	if err := d.apply(ctx); err != nil {
		return err
	}
	say("GoTo got no token request.")

	step(4, "Look for secrets")
	secrets := server.Secrets()
	leaks, err := standin.LeaksBelow(d.Directory, secrets)
	state, readErr := os.ReadFile(filepath.Join(d.Directory, "terraform.tfstate"))
	if err = errors.Join(err, readErr); err != nil || len(leaks) > 0 || !bytes.Contains(state, []byte(standin.ClientID)) {
		return fmt.Errorf("the search found %q; without %s in the state, it proves nothing (%w)", leaks, standin.ClientID, err)
	}
	say("Looked for  the client secret, its Basic header, the code, the access token, the refresh token,")
	say("            plain, base64-encoded and URL-encoded: %d secrets", len(secrets))
	say("Looked in   the state, the token cache, everything that %s printed", d.Name())
	say("Found       nothing")

	fmt.Println("\nEverything that the demo created has been removed.")
	return nil
}

// prepare builds the provider and copies the example's main.tf. Its folder may contain a state.
func prepare(ctx context.Context, cli, directory string, server *standin.Server) (*demo, error) {
	path, err := commandline.Find(cli)
	if err != nil {
		return nil, err
	}
	say("$ go build")
	provider, work, configuration := filepath.Join(directory, "provider"), filepath.Join(directory, "work"), filepath.Join(directory, "cli.tfrc")
	if err := commandline.Build(ctx, "-o", provider+string(filepath.Separator), commandline.Module); err != nil {
		return nil, err
	}
	example, err := os.ReadFile(filepath.Join("examples", "sign-in-once", "main.tf"))
	if err != nil {
		return nil, fmt.Errorf("%w\nRun the demo at the top of the repository", err)
	}
	self, err := os.Executable()
	err = errors.Join(err, os.Mkdir(work, 0o700), os.WriteFile(filepath.Join(work, "main.tf"), example, 0o600),
		commandline.Configure(configuration, map[string]string{"terraform-goto/goto": provider}))
	environment := commandline.Environment(configuration, append(server.Environment(),
		"GOTO_TOKEN_CACHE=file:///"+strings.TrimPrefix(filepath.ToSlash(filepath.Join(work, "tokens")), "/"),
		fmt.Sprintf(`TF_VAR_command="%s" get %s/admin/rest/v1/me > me.json`, self, server.URL))...)
	return &demo{commandline.CommandLine{Path: path, Directory: work, Environment: environment}, server, self}, err
}

// signInByClick applies the configuration with a provider that opens this program as its browser.
func (d *demo) signInByClick(ctx context.Context, browser string) error {
	redirectURI, err := d.server.RegisterLoopback(ctx)
	if err != nil {
		return err
	}
	page := filepath.Join(d.Directory, "last-page")
	d.Environment = append(d.Environment,
		"CI=", // if CI is set, the provider opens no browser
		"GOTO_REDIRECT_URI="+redirectURI, "GOTO_INTERACTIVE_LOGIN=true", "BROWSER="+d.self+" browse "+page)
	say("The browser is %s, without a window. The demo presses Allow in it.", browser)
	if err := d.apply(ctx); err != nil {
		return err
	}
	text, err := awaitFile(ctx, page) // the run does not wait for the browser
	if err != nil {
		return fmt.Errorf("the browser wrote no page: %w", err)
	}
	say("The browser shows at the end:")
	show(text, everything)
	return nil
}

// signInByPaste signs in as people do without a browser on this machine: open the address in the error elsewhere, press
// Allow, and paste the address that the browser lands on.
func (d *demo) signInByPaste(ctx context.Context) error {
	printed, err := d.run(ctx, "apply", "-auto-approve")
	_, message, found := strings.Cut(printed, "Error: No stored login")
	address := authorizeURL.FindString(message)
	if err == nil || !found || address == "" {
		return fmt.Errorf("apply should have stopped and said where to sign in: %w\n%s", err, printed)
	}
	show("Error: No stored login\n\n"+strings.Trim(message, "\r\n"), everything)
	say("There is no Chromium here, so the demo opens that address and presses Allow without one.")
	landed, err := standin.Allow(ctx, address)
	if err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	say("A browser lands on %s", shortenCodes(landed))
	say("The page does not have to exist. The address contains a code, of which the demo shows the beginning.")
	return d.apply(ctx, "-var", "callback_url="+landed)
}

// apply applies the configuration. It must open the token twice, with one token request in total, and use the token.
func (d *demo) apply(ctx context.Context, options ...string) error {
	before := d.server.Counts().Me
	printed, err := d.run(ctx, append([]string{"apply", "-auto-approve"}, options...)...)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, shortenCodes(printed))
	}
	show(printed, relevant)
	if n, counts := len(opened.FindAllString(printed, -1)), d.server.Counts(); n != 2 || counts.Token != 1 || counts.Me != before+1 {
		return fmt.Errorf("the token should have been opened twice and used once, but it was opened %d times, and GoTo has seen %+v", n, counts)
	}
	text, err := os.ReadFile(filepath.Join(d.Directory, "me.json"))
	var me struct {
		Key                        json.Number
		Email, FirstName, LastName string
	}
	if err = errors.Join(err, json.Unmarshal(text, &me)); err != nil || me.Key != standin.UserKey || me.Email != standin.Principal {
		return fmt.Errorf("GET Me gave another answer (%w): %s", err, text)
	}
	say("terraform_data.me called GET Me with the token. The answer is %s %s, %s, user key %s.", me.FirstName, me.LastName, me.Email, me.Key)
	return nil
}

// run runs the CLI and writes its output to a file, so that the search covers it.
func (d *demo) run(ctx context.Context, arguments ...string) (string, error) {
	typed := strings.Join(arguments, " ")
	if option, address, found := strings.Cut(typed, " callback_url="); found { // quoted for a shell
		typed = option + " 'callback_url=" + address + "'"
	}
	say("$ %s %s", d.Name(), shortenCodes(typed))
	printed, err := d.Run(ctx, arguments...)
	kept, writeErr := os.CreateTemp(d.Directory, "printed-")
	if writeErr == nil {
		_, writeErr = kept.WriteString(printed)
		writeErr = errors.Join(writeErr, kept.Close())
	}
	return printed, errors.Join(err, writeErr)
}

var (
	authorizeURL = regexp.MustCompile(`\S+/oauth/authorize\?\S+`)
	opened       = regexp.MustCompile(`(?m)^ephemeral\..*: Open(ing)? complete`)
	everything   = regexp.MustCompile(``)
	relevant     = regexp.MustCompile(`^ephemeral\..*: Open(ing)? complete|^Plan:|^terraform_data\..*: Creation complete|^Apply complete!`)
	code         = regexp.MustCompile(`(\bcode=[\w.%-]{8})[\w.%-]+`)
)

func step(number int, title string) { fmt.Printf("\n%d. %s\n\n", number, title) }

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

// shortenCodes removes the end of every authorization code in text.
func shortenCodes(text string) string { return code.ReplaceAllString(text, "$1…") }
