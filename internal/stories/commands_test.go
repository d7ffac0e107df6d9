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

// commands are what the stories can say beside the commands of testscript:
//
//	code NAME [PERSON]                a person signs in; the environment variable NAME gets the code
//	callback NAME [PERSON]            …the whole address the browser landed on
//	press-allow NAME                  the same, at the authorize URL in what the last command said
//	loopback                          the OAuth client gets a redirect URI with a free port of this machine, and a person
//	                                  sits at it, so that interactive_login may open a browser
//	refresh-token NAME [PERSON]       a refresh token, as a login elsewhere would have brought it
//	scoped-login SCOPES               …with these scopes; GOTO_REFRESH_TOKEN gets it
//	newest-refresh-token NAME         the refresh token that was issued last, as next_refresh_token says it
//	personal-access-token NAME        a personal access token
//	client SECRET                     the OAuth client with this secret is used from here on
//	later DURATION                    that much time passes, for provider and stand-in
//	standin replace=always            every refresh replaces the refresh token, and the old one dies
//	standin replace=never             no refresh replaces it
//	standin reuse=ends-login          a dead refresh token or a used code that comes back ends its login
//	standin refresh-token=off         replies have no refresh token
//	standin personal-access-token=off the OAuth client may not use personal access tokens
//	standin echo=on                   token requests are refused, with everything sent in the reply
//	log-out                           the refresh tokens end
//	end-access-tokens                 the access tokens end, before their time
//	hang, arrival, answer             token requests are lost; wait until one is under way; answer again
//	hold, arrival, answer             token requests wait; until one is under way; answer them
//	hold-answer, arrival, answer      token requests are processed, and their answers wait; until one is
//	                                  processed; answer them
//	answer DURATION                   answer that much later, or as soon as a client has gone
//	lose-answer, answer               token requests are processed, and their answers are lost; answer again
//	interrupt                         Ctrl-C for the last command in the background, until it says so or ends
//	await FILE TEXT                   wait until the file has the text
//	small-disk DIRECTORY SIZE         a file system of that size is mounted there, for this story
//	hold-until-me                     the first token request waits until another one's token is in use
//	meeting NUMBER                    readers of $TF_VAR_meeting wait until there are this many
//	provider-clock DURATION           the provider's clock is off by that much from here on
//	stopwatch, within DURATION        less time than that has passed since the former
//	fault, told, fix                  of the table of faults, see fault_test.go
//	panic-at N                        the provider panics when it reads its clock for the Nth time, 0: never
//	kill-provider                     kill -9 for the providers of this story
//	terminate                         SIGTERM for the last background command and its providers
//	stop-provider, wake-provider      SIGSTOP and SIGCONT for them
//	objects N                         there are that many objects in the bucket of the token cache
//	wipe                              they are removed
//	store WHAT [WHEN]                 the store is cut off for the runs that begin from here on, see store_test.go
//	hosts NAME...                     machines with networks of their own, see hosts_test.go
//	says TEXT                         the last command said so; white space does not count
//	basic SECRET                      the last token request had this secret in its Basic header, raw
//	noleak                            no file holds a secret, see leak_test.go
//	leaked FILE                       this one does; it is removed
//	requests [code=N] [refresh=N] [personal-access-token=N] [revoked=N] [me=N] [scim=N]
//	                                  exactly these token requests and revocations since the last such
//	                                  line, none if none is named; GET Me counts only if it is named
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"code":                  always(issueCode),
	"callback":              always(issueCallback),
	"press-allow":           always(pressAllow),
	"loopback":              always(sitAtLoopback),
	"refresh-token":         always(issueRefreshToken),
	"scoped-login":          always(issueScopedLogin),
	"newest-refresh-token":  always(tellNewestRefreshToken),
	"personal-access-token": always(issuePersonalAccessToken),
	"client":                always(useClient),
	"later":                 always(passTime),
	"standin":               always(changeStandin),
	"log-out":               always(func(_ *testscript.TestScript, w *world, _ []string) { w.standin.RevokeAll() }),
	"end-access-tokens":     always(func(_ *testscript.TestScript, w *world, _ []string) { w.standin.RevokeAccessTokens() }),
	"hang":                  always(func(_ *testscript.TestScript, w *world, _ []string) { hold(w, true) }),
	"hold":                  always(func(_ *testscript.TestScript, w *world, _ []string) { hold(w, false) }),
	"hold-answer":           always(func(_ *testscript.TestScript, w *world, _ []string) { holdAnswer(w, false) }),
	"lose-answer":           always(func(_ *testscript.TestScript, w *world, _ []string) { holdAnswer(w, true) }),
	"arrival":               always(awaitArrival),
	"answer":                always(answer),
	"interrupt":             always(interrupt),
	"await":                 always(awaitText),
	"small-disk":            always(mountSmallDisk),
	"hold-until-me":         always(holdUntilMe),
	"meeting":               always(meet),
	"provider-clock":        always(setProviderClock),
	"stopwatch":             always(func(_ *testscript.TestScript, w *world, _ []string) { w.started = time.Now() }),
	"within":                always(checkWithin),
	"fault":                 always(beginFault),
	"told":                  always(checkTold),
	"fix":                   always(endFault),
	"panic-at":              always(panicAt),
	"kill-provider":         always(killProvider),
	"stop-provider":         always(stopProvider),
	"wake-provider":         always(wakeProvider),
	"objects":               always(checkObjects),
	"terminate":             always(terminate),
	"wipe":                  always(wipeBucket),
	"store":                 always(cutOffStore),
	"hosts":                 always(startHosts),
	"says":                  says,
	"basic":                 always(checkBasic),
	"requests":              always(checkRequests),
	"noleak":                always(checkLeaks),
	"leaked":                always(checkLeaked),
}

// always makes a command of one that cannot be negated.
func always(command func(ts *testscript.TestScript, w *world, args []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command cannot be negated")
		}
		command(ts, worldOf(ts), args)
	}
}

// condition knows [root], which no permission keeps out, [small-disk] and [hosts], which hold where those commands work,
// [chromium], which holds where the program browser works, and the command line under test: [terraform] or [opentofu],
// with a version as in [opentofu>=1.12] where that matters.
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

// nameAndPerson reads the arguments of the commands that issue something.
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

func tellNewestRefreshToken(ts *testscript.TestScript, w *world, args []string) {
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
	landed, err := standin.Allow(context.Background(), authorizeURL.FindString(said(ts)))
	ts.Check(err)
	ts.Setenv(name, landed)
}

func sitAtLoopback(ts *testscript.TestScript, w *world, _ []string) {
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
	ts.Fatalf("no client has this secret")
}

func passTime(ts *testscript.TestScript, w *world, args []string) {
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
		ts.Fatalf("it took %s", took)
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

// refuseWithEcho repeats in its reply whatever is secret in a token request.
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

// hold keeps token requests waiting for the answer that they then get, or never get.
func hold(w *world, lost bool) {
	g := newGate()
	w.hanging = g
	w.standin.Configure(func(b *standin.Behavior) {
		b.Intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				g.wait(r)
				if lost {
					panic(http.ErrAbortHandler) // the server never takes it
				}
			}
			return false
		}
	})
}

// holdAnswer lets token requests be processed, and keeps their answers waiting or loses them.
func holdAnswer(w *world, lost bool) {
	g := newGate()
	w.hanging = g
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

// arrivalLimit is far above what the slowest machine needs to start a command line.
const arrivalLimit = 2 * time.Minute

func awaitArrival(ts *testscript.TestScript, w *world, _ []string) {
	if w.hanging == nil {
		ts.Fatalf("nothing hangs")
	}
	select {
	case <-w.hanging.arrived:
	case <-time.After(arrivalLimit):
		ts.Fatalf("no token request within %s", arrivalLimit)
	}
}

func answer(ts *testscript.TestScript, w *world, args []string) {
	if w.hanging == nil {
		ts.Fatalf("nothing hangs")
	}
	if len(args) > 0 {
		delay, err := time.ParseDuration(strings.Join(args, " "))
		ts.Check(err)
		select {
		case <-w.hanging.abandoned:
		case <-time.After(delay):
		}
	}
	w.standin.Configure(func(b *standin.Behavior) { b.Intercept, b.BeforeAnswer = nil, nil })
	w.hanging.openNow()
	w.hanging = nil
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

func meet(ts *testscript.TestScript, _ *world, args []string) {
	expected, err := strconv.Atoi(strings.Join(args, " "))
	ts.Check(err)
	server := startMeeting(expected)
	ts.Defer(func() {
		server.CloseClientConnections()
		server.Close()
	})
	ts.Setenv("TF_VAR_meeting", server.URL)
}

// said returns what the last command said, each run of white space as one space: the command line
// breaks lines where it likes.
func said(ts *testscript.TestScript) string {
	return strings.Join(strings.Fields(ts.ReadFile("stdout")+" "+ts.ReadFile("stderr")), " ")
}

func says(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: says TEXT, in quotes")
	}
	switch found := strings.Contains(said(ts), strings.Join(strings.Fields(args[0]), " ")); {
	case found && neg:
		ts.Fatalf("said: %s", args[0])
	case !found && !neg:
		ts.Fatalf("not said: %s", args[0])
	}
}

func checkBasic(ts *testscript.TestScript, w *world, args []string) {
	if got := w.standin.LastToken().Password; len(args) != 1 || got != args[0] {
		ts.Fatalf("the Basic header had the secret %q", got)
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
	want.Authorize, want.Granted, want.Refused = got.Authorize, got.Granted, got.Refused
	if got != want {
		ts.Fatalf("the stand-in has seen %+v", got)
	}
}

func checkLeaks(ts *testscript.TestScript, w *world, _ []string) {
	found, err := w.leaks(ts.Getenv("WORK"))
	ts.Check(err)
	if len(found) > 0 {
		ts.Fatalf("secrets have leaked:\n%s", strings.Join(found, "\n"))
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
		ts.Fatalf("%s holds no secret", args[0])
	}
	ts.Check(os.Remove(file))
}
