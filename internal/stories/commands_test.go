package stories

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin/chromium"
)

// commands are the commands that stories can use in addition to those of testscript:
//
//	code NAME [PERSON]                sign a person in and set the environment variable NAME to the code
//	callback NAME [PERSON]            like code, but set NAME to the address where the browser landed
//	press-allow NAME                  like callback, using the authorize URL in the last command's output
//	loopback                          give the OAuth client a redirect URI with a free port of this machine and allow
//	                                  interactive_login to open a browser, in which a person presses Allow
//	refresh-token NAME [PERSON]       set NAME to a new refresh token, as from a login elsewhere
//	scoped-login SCOPES               set GOTO_REFRESH_TOKEN to a new refresh token with these scopes
//	newest-refresh-token NAME         set NAME to the refresh token issued last, the value of next_refresh_token
//	personal-access-token NAME        set NAME to a new personal access token
//	client SECRET                     use the OAuth client with this secret from here on
//	later DURATION                    put the clocks of the provider and the stand-in forward
//	standin replace=always            replace the refresh token on every refresh and revoke the old one
//	standin replace=never             never replace refresh tokens
//	standin reuse=ends-login          end a login if a replaced refresh token or a used code is sent again
//	standin refresh-token=off         leave the refresh token out of replies
//	standin personal-access-token=off refuse personal access tokens from the OAuth client
//	standin echo=on                   refuse token requests and repeat their contents in the reply
//	log-out                           revoke all refresh tokens
//	end-access-tokens                 revoke all access tokens before they expire
//	hang, arrival, answer             drop token requests; wait for one to arrive; answer again
//	hold, arrival, answer             hold token requests; wait for one to arrive; answer them
//	hold-answer, arrival, answer      process token requests but hold the answers; wait until one is processed;
//	                                  send the answers
//	answer DURATION                   answer after this time, or as soon as a client has disconnected
//	lose-answer, answer               process token requests but drop the answers; answer again
//	interrupt                         send Ctrl-C to the last background command; wait until it reacts or ends
//	await FILE TEXT                   wait until the file contains the text
//	small-disk DIRECTORY SIZE         mount a file system of this size there for the rest of the story
//	hold-until-me                     hold the first token request until a token from another one is in use
//	barrier NUMBER                    make readers of $TF_VAR_barrier wait until there are this many
//	provider-clock DURATION           make the provider's clock wrong by this much from here on
//	stopwatch, within DURATION        start the stopwatch; check that it shows no more than this
//	fault, expect-fault-output, fix   run a row of the table of faults, see fault_test.go
//	panic-at N                        make the provider panic when it reads its clock for the Nth time; 0 means never
//	kill-provider                     send SIGKILL to the providers of this story
//	terminate                         send SIGTERM to the last background command and its providers
//	stop-provider, wake-provider      send SIGSTOP or SIGCONT to the providers of this story
//	objects N                         check that the bucket of the token cache contains N objects
//	wipe                              remove all objects from that bucket
//	store WHAT [WHEN]                 disturb the connection to the store for later runs, see store_test.go
//	hosts NAME...                     start machines with their own networks, see hosts_test.go
//	says TEXT                         check that the last command printed the text, ignoring white space
//	noleak                            check that no file contains a secret, see leak_test.go
//	leaked FILE                       check that the file contains a secret, and remove it
//	requests [code=N] [refresh=N] [personal-access-token=N] [revoked=N] [me=N] [scim=N]
//	                                  check that there were exactly these token requests and revocations since
//	                                  the last requests command; me and scim are checked only if given
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"code":                  noNegation(issueCode),
	"callback":              noNegation(issueCallback),
	"press-allow":           noNegation(pressAllow),
	"loopback":              noNegation(useLoopback),
	"refresh-token":         noNegation(issueRefreshToken),
	"scoped-login":          noNegation(issueScopedLogin),
	"newest-refresh-token":  noNegation(setNewestRefreshToken),
	"personal-access-token": noNegation(issuePersonalAccessToken),
	"client":                noNegation(useClient),
	"later":                 noNegation(advanceClocks),
	"standin":               noNegation(changeStandin),
	"log-out":               noNegation(func(_ *testscript.TestScript, w *world, _ []string) { w.standin.RevokeAll() }),
	"end-access-tokens":     noNegation(func(_ *testscript.TestScript, w *world, _ []string) { w.standin.RevokeAccessTokens() }),
	"hang":                  noNegation(func(_ *testscript.TestScript, w *world, _ []string) { hold(w, true) }),
	"hold":                  noNegation(func(_ *testscript.TestScript, w *world, _ []string) { hold(w, false) }),
	"hold-answer":           noNegation(func(_ *testscript.TestScript, w *world, _ []string) { holdAnswer(w, false) }),
	"lose-answer":           noNegation(func(_ *testscript.TestScript, w *world, _ []string) { holdAnswer(w, true) }),
	"arrival":               noNegation(awaitArrival),
	"answer":                noNegation(answer),
	"interrupt":             noNegation(interrupt),
	"await":                 noNegation(awaitText),
	"small-disk":            noNegation(mountSmallDisk),
	"hold-until-me":         noNegation(holdUntilMe),
	"barrier":               noNegation(setBarrier),
	"provider-clock":        noNegation(setProviderClock),
	"stopwatch":             noNegation(func(_ *testscript.TestScript, w *world, _ []string) { w.started = time.Now() }),
	"within":                noNegation(checkWithin),
	"fault":                 noNegation(beginFault),
	"expect-fault-output":   noNegation(checkFaultOutput),
	"fix":                   noNegation(endFault),
	"panic-at":              noNegation(panicAt),
	"kill-provider":         noNegation(killProvider),
	"stop-provider":         noNegation(stopProvider),
	"wake-provider":         noNegation(wakeProvider),
	"objects":               noNegation(checkObjects),
	"terminate":             noNegation(terminate),
	"wipe":                  noNegation(wipeBucket),
	"store":                 noNegation(putStoreProxy),
	"hosts":                 noNegation(startHosts),
	"says":                  says,
	"requests":              noNegation(checkRequests),
	"noleak":                noNegation(checkLeaks),
	"leaked":                noNegation(checkLeaked),
}

// noNegation returns a testscript command that rejects a leading "!".
func noNegation(command func(ts *testscript.TestScript, w *world, args []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("command does not support negation")
		}
		command(ts, worldOf(ts), args)
	}
}

// condition evaluates the conditions of the stories: [root] holds for the user root, which bypasses permissions;
// [small-disk] and [hosts] hold if those commands work; [chromium] holds if the program browser works; [terraform] and
// [opentofu] match the command line under test, optionally with a version, as in [opentofu>=1.12].
func (p programs) condition(name string) (bool, error) {
	switch name {
	case "root":
		return os.Geteuid() == 0, nil
	case "small-disk":
		return canMount()
	case "hosts":
		return canHost(), nil
	case "chromium":
		_, found := chromium.Find()
		return found, nil
	}
	product, versions := name, ">= 0"
	if at := strings.IndexAny(name, "<>="); at >= 0 {
		product, versions = name[:at], name[at:]
	}
	if product != "terraform" && product != "opentofu" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	constraint, err := version.NewConstraint(versions)
	if err != nil {
		return false, fmt.Errorf("the condition %q: %w", name, err)
	}
	return product == p.product && constraint.Check(p.version), nil
}

// nameAndPerson parses the arguments of the commands that issue codes and tokens.
func nameAndPerson(ts *testscript.TestScript, args []string) (name, person string) {
	switch len(args) {
	case 1:
		return args[0], standin.Principal
	case 2:
		return args[0], args[1]
	}
	ts.Fatalf("usage: NAME [PERSON]")
	return "", ""
}

func issueCode(ts *testscript.TestScript, w *world, args []string) {
	name, person := nameAndPerson(ts, args)
	ts.Setenv(name, w.standin.IssueCode(standin.CodeRequest{ClientID: w.clientID, Principal: person}))
}

func issueCallback(ts *testscript.TestScript, w *world, args []string) {
	name, person := nameAndPerson(ts, args)
	code := w.standin.IssueCode(standin.CodeRequest{ClientID: w.clientID, Principal: person})
	ts.Setenv(name, standin.RedirectURI+"?code="+url.QueryEscape(code)+"&state=of-this-sign-in")
}

func issueRefreshToken(ts *testscript.TestScript, w *world, args []string) {
	name, person := nameAndPerson(ts, args)
	ts.Setenv(name, w.standin.IssueRefreshTokenFor(standin.Login{ClientID: w.clientID, Principal: person}))
}

func issueScopedLogin(ts *testscript.TestScript, w *world, args []string) {
	ts.Setenv("GOTO_REFRESH_TOKEN", w.standin.IssueRefreshTokenFor(standin.Login{ClientID: w.clientID, Scope: strings.Join(args, " ")}))
}

func setNewestRefreshToken(ts *testscript.TestScript, w *world, args []string) {
	name, _ := nameAndPerson(ts, args)
	ts.Setenv(name, w.standin.NewestRefreshToken())
}

func issuePersonalAccessToken(ts *testscript.TestScript, w *world, args []string) {
	name, _ := nameAndPerson(ts, args)
	ts.Setenv(name, w.standin.IssuePersonalAccessToken())
}

var authorizeURL = regexp.MustCompile(`http://[^\s"]+/oauth/authorize\?[^\s"]+`)

func pressAllow(ts *testscript.TestScript, _ *world, args []string) {
	name, _ := nameAndPerson(ts, args)
	landed, err := standin.Allow(context.Background(), authorizeURL.FindString(lastOutput(ts)))
	ts.Check(err)
	ts.Setenv(name, landed)
}

func useLoopback(ts *testscript.TestScript, w *world, _ []string) {
	redirect, err := w.standin.RegisterLoopback(context.Background())
	ts.Check(err)
	ts.Setenv("GOTO_REDIRECT_URI", redirect)
	ts.Setenv("GOTO_INTERACTIVE_LOGIN", "true")
	ts.Setenv("TF_IN_AUTOMATION", "")
	ts.Setenv("BROWSER", "browser")
}

func useClient(ts *testscript.TestScript, w *world, args []string) {
	for id, secret := range clients {
		if len(args) == 1 && secret == args[0] {
			w.clientID = id
			ts.Setenv("GOTO_CLIENT_ID", id)
			ts.Setenv("GOTO_CLIENT_SECRET", secret)
			return
		}
	}
	ts.Fatalf("no OAuth client has this secret")
}

func advanceClocks(ts *testscript.TestScript, w *world, args []string) {
	by, err := time.ParseDuration(strings.Join(args, " "))
	ts.Check(err)
	offset := time.Duration(w.offset.Add(int64(by)))
	ts.Setenv("GOTO_STORIES_CLOCK_OFFSET", offset.String())
	ts.Setenv("TF_CLI_CONFIG_FILE", w.laterConfig)
}

func setProviderClock(ts *testscript.TestScript, w *world, args []string) {
	by, err := time.ParseDuration(strings.Join(args, " "))
	ts.Check(err)
	ts.Setenv("GOTO_STORIES_CLOCK_OFFSET", by.String())
	ts.Setenv("TF_CLI_CONFIG_FILE", w.laterConfig)
}

func checkWithin(ts *testscript.TestScript, w *world, args []string) {
	limit, err := time.ParseDuration(strings.Join(args, " "))
	ts.Check(err)
	if took := time.Since(w.started); took > limit {
		ts.Fatalf("took %s, want at most %s", took, limit)
	}
}

func panicAt(ts *testscript.TestScript, w *world, args []string) {
	ts.Setenv("GOTO_STORIES_PANIC_AT", strings.Join(args, " "))
	ts.Setenv("TF_CLI_CONFIG_FILE", w.panickingConfig)
}

func changeStandin(ts *testscript.TestScript, w *world, args []string) {
	w.standin.Configure(func(b *standin.Behavior) {
		for _, arg := range args {
			switch arg {
			case "replace=always":
				b.ReplaceRefreshToken = standin.Always
			case "replace=never":
				b.ReplaceRefreshToken = standin.Never
			case "reuse=ends-login":
				b.ReuseKillsFamily = true
			case "refresh-token=off":
				b.OmitReply = []string{"refresh_token"}
			case "personal-access-token=off":
				b.PersonalAccessTokenDisabled = true
			case "echo=on":
				b.Intercept = refuseWithEcho
			default:
				ts.Fatalf("unknown behavior %q", arg)
			}
		}
	})
}

// refuseWithEcho refuses token requests and repeats all their secrets in the reply.
func refuseWithEcho(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		return false
	}
	_, secret, _ := r.BasicAuth()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{
		"error": "invalid_grant",
		"error_description": fmt.Sprintf("client secret %s, header %s, form %s, %s", secret, r.Header.Get("Authorization"),
			r.PostForm.Encode(), r.PostForm.Get("code")+r.PostForm.Get("refresh_token")+r.PostForm.Get("pat")),
	})
	return true
}

// hold makes token requests wait for the command answer. They are then processed, or dropped if lost is set.
func hold(w *world, lost bool) {
	g := newGate()
	w.held = g
	w.standin.Configure(func(b *standin.Behavior) {
		b.Intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				g.wait(r)
				if lost {
					panic(http.ErrAbortHandler) // the server never processes it
				}
			}
			return false
		}
	})
}

// holdAnswer makes the stand-in process token requests but hold their answers, or drop them if lost is set.
func holdAnswer(w *world, lost bool) {
	g := newGate()
	w.held = g
	w.standin.Configure(func(b *standin.Behavior) {
		b.BeforeAnswer = func(r *http.Request) {
			if lost {
				g.arrive()
				panic(http.ErrAbortHandler)
			}
			g.wait(r)
		}
	})
}

// arrivalLimit is far longer than the slowest machine takes to start a command line.
const arrivalLimit = 2 * time.Minute

func awaitArrival(ts *testscript.TestScript, w *world, _ []string) {
	if w.held == nil {
		ts.Fatalf("no token requests are held")
	}
	select {
	case <-w.held.arrived:
	case <-time.After(arrivalLimit):
		ts.Fatalf("no token request within %s", arrivalLimit)
	}
}

func answer(ts *testscript.TestScript, w *world, args []string) {
	if w.held == nil {
		ts.Fatalf("no token requests are held")
	}
	if len(args) > 0 {
		delay, err := time.ParseDuration(strings.Join(args, " "))
		ts.Check(err)
		select {
		case <-w.held.abandoned:
		case <-time.After(delay):
		}
	}
	w.standin.Configure(func(b *standin.Behavior) { b.Intercept, b.BeforeAnswer = nil, nil })
	w.held.openNow()
	w.held = nil
}

func holdUntilMe(_ *testscript.TestScript, w *world, _ []string) {
	g := newGate()
	first := make(chan struct{}, 1)
	first <- struct{}{}
	w.standin.Configure(func(b *standin.Behavior) {
		b.Intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet {
				g.openNow()
				return false
			}
			select {
			case <-first:
				g.wait(r)
			default:
			}
			return false
		}
	})
}

func setBarrier(ts *testscript.TestScript, _ *world, args []string) {
	expected, err := strconv.Atoi(strings.Join(args, " "))
	ts.Check(err)
	server := startBarrier(expected)
	ts.Defer(func() {
		server.CloseClientConnections()
		server.Close()
	})
	ts.Setenv("TF_VAR_barrier", server.URL)
}

// lastOutput returns the output of the last command, with each run of white space replaced by one space, because the
// command line wraps lines.
func lastOutput(ts *testscript.TestScript) string {
	return strings.Join(strings.Fields(ts.ReadFile("stdout")+" "+ts.ReadFile("stderr")), " ")
}

func says(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: says TEXT, in quotes")
	}
	switch found := strings.Contains(lastOutput(ts), strings.Join(strings.Fields(args[0]), " ")); {
	case found && neg:
		ts.Fatalf("unexpected output: %s", args[0])
	case !found && !neg:
		ts.Fatalf("missing output: %s", args[0])
	}
}

func checkRequests(ts *testscript.TestScript, w *world, args []string) {
	got := w.standin.Counts()
	w.standin.ResetCounts()
	want := standin.Counts{Me: got.Me, SCIM: got.SCIM}
	fields := map[string]*int{
		"code": &want.Code, "refresh": &want.Refresh, "personal-access-token": &want.PersonalAccessToken, "me": &want.Me,
		"revoked": &want.Revoke, "scim": &want.SCIM,
	}
	for _, arg := range args {
		name, number, _ := strings.Cut(arg, "=")
		n, err := strconv.Atoi(number)
		if fields[name] == nil || err != nil {
			ts.Fatalf("usage: requests [code=N] [refresh=N] [personal-access-token=N] [revoked=N] [me=N] [scim=N]")
		}
		*fields[name] = n
	}
	want.Token = want.Code + want.Refresh + want.PersonalAccessToken
	want.Granted, want.Refused = got.Granted, got.Refused
	if got != want {
		ts.Fatalf("the stand-in received %+v, want %+v", got, want)
	}
}

func checkLeaks(ts *testscript.TestScript, w *world, _ []string) {
	found, err := w.leaks(ts.Getenv("WORK"))
	ts.Check(err)
	if len(found) > 0 {
		ts.Fatalf("secrets leaked:\n%s", strings.Join(found, "\n"))
	}
}

func checkLeaked(ts *testscript.TestScript, w *world, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: leaked FILE")
	}
	file := ts.MkAbs(args[0])
	found, err := w.leaks(file)
	ts.Check(err)
	if len(found) == 0 {
		ts.Fatalf("%s contains no secret", args[0])
	}
	ts.Check(os.Remove(file))
}
