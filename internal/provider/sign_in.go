package provider

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
	"github.com/terraform-goto/terraform-provider-goto/internal/signin"
)

// signIn returns instructions for signing in, with the address to open. Blocks and processes of a run that need the
// same sign-in show its address once.
func (t tokenRequest) signIn() string {
	address, shown := t.address()
	text := "To sign in, open this address in a browser and press Allow:\n\n  " + address + "\n\nThe"
	if shown {
		text = "To sign in, open the address in another error of this run, and press Allow. The"
	}
	block := ""
	switch {
	case t.byProvider:
		block = " in a goto_access_token with the same profile, name that block in depends_on here"
	case t.Profile != "": // the provider's profile is not used with a callback_url
		block = fmt.Sprintf(", with profile = %q next to it", t.Profile)
	}
	text += " browser then lands on an address with code= in it; the page itself may not be found. Within 10 minutes, set callback_url to that whole address" + block + ", and plan again."
	if !t.interactive && signin.IsLoopback(t.Client.RedirectURI) {
		text += " Or set interactive_login (" + variable("interactive_login") + ") to true, and the next plan opens the browser and needs no callback_url."
	}
	return text
}

// address returns the authorize URL, and reports whether this run has shown it before. For a block with its own state
// or code_verifier, or if the sign-in cannot be stored, the URL contains only the block's own values.
func (t tokenRequest) address() (string, bool) {
	if t.state == "" && t.codeVerifier.IsEmpty() {
		if pending, shown, err := t.show(); err == nil {
			return pending.AuthorizeURL(t.server, t.Client), shown
		}
	}
	own := engine.SignIn{State: t.state, CodeVerifier: t.codeVerifier, RedirectURI: t.Client.RedirectURI}
	return own.AuthorizeURL(t.server, t.Client), false
}

// signInFailure returns the diagnostic for a failed browser sign-in, or nil if err is something else.
func (t tokenRequest) signInFailure(err error) diag.Diagnostic {
	if unavailable, ok := errors.AsType[*signin.UnavailableError](err); ok {
		return t.errorAt("", "No sign-in through a browser",
			fmt.Sprintf("%s, and interactive_login cannot open a browser: %s.\n\n%s", redact.Capitalized(unavailable.Cause.Error()), unavailable.Error(), t.signIn()))
	}
	if failed, ok := errors.AsType[*signin.FailedError](err); ok {
		what := "The run stopped waiting for a person to sign in: " + failed.Reason + "."
		if failed.Refused {
			what = "The sign-in ended without a login. " + redact.Capitalized(failed.Reason) + "."
		}
		return t.errorAt("", "Nobody signed in", what+" Plan again to open the browser again, or use a browser on another machine.\n\n"+t.signIn())
	}
	if exchange, ok := errors.AsType[*signin.ExchangeError](err); ok {
		t.signedIn, t.Grant = true, oauth.Grant{Type: oauth.AuthorizationCode}
		return t.failure(exchange.Err)
	}
	if wrong, ok := errors.AsType[*engine.SignInError](err); ok {
		return t.wrongSignIn(wrong)
	}
	return nil
}

// wrongSignIn returns the diagnostic for a callback_url that belongs to another sign-in.
func (t tokenRequest) wrongSignIn(wrong *engine.SignInError) diag.Diagnostic {
	what := "The sign-in that this address belongs to is not pending: it was finished with another code, or it began more than an hour ago, with another client secret or in another token cache."
	if wrong.AskedFor != nil {
		here, remedy := fmt.Sprintf("this block is for the profile %q", wrong.Profile), "Use the address in the block that requested it."
		if wrong.Profile == "" {
			here, remedy = "this block names no profile", fmt.Sprintf("If it was requested for this block, put profile = %q next to %s.", *wrong.AskedFor, t.grantArgument)
		}
		there := fmt.Sprintf("for the profile %q", *wrong.AskedFor)
		if *wrong.AskedFor == "" {
			there = "for a block without a profile"
		}
		what = fmt.Sprintf("This address comes from a sign-in %s, but %s. %s", there, here, remedy)
	}
	return t.errorAt(t.grantArgument, "Address of another sign-in", what+" Nothing was sent.\n\n"+t.signIn())
}
