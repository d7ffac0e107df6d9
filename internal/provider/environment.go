package provider

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// environment reads arguments, falling back to GOTO_<NAME>. An empty variable counts as absent, because pipelines
// pass unset values as empty ones.
type environment struct {
	getenv func(string) string
	diags  diag.Diagnostics
}

func (e *environment) text(name string, configured types.String, check func(string) error) string {
	if !configured.IsNull() {
		return configured.ValueString() // checked by the schema
	}
	text := e.getenv(variable(name))
	if text == "" {
		return ""
	}
	if err := check(text); err != nil {
		if errors.Is(err, oauth.ErrWhiteSpace) {
			err = fmt.Errorf("%w; remove it where the variable is set", err)
		}
		e.diags.AddAttributeError(path.Root(name), "Invalid "+variable(name),
			fmt.Sprintf("The environment variable %s is read because the argument %s is absent. %s.", variable(name), name, redact.Capitalized(err.Error())))
		return ""
	}
	return text
}

// grant returns the default grant and profile. If the configuration has a grant or a profile, those in the environment
// are ignored, so that a variable left in a shell changes no profile. Ignored grants are returned as the names of their
// variables. A personal access token and a profile are mutually exclusive, because a personal access token has no login
// to store.
func (e *environment) grant(model providerModel) (grant oauth.Grant, profile string, ignored []string) {
	refreshToken, personalAccessToken := model.RefreshToken.ValueString(), model.PersonalAccessToken.ValueString()
	profile = model.Profile.ValueString()
	switch {
	case refreshToken != "" || personalAccessToken != "":
	case profile != "":
		for _, name := range []string{"refresh_token", "personal_access_token"} {
			if e.getenv(variable(name)) != "" {
				ignored = append(ignored, name)
			}
		}
	default:
		profile = e.text("profile", types.StringNull(), checkProfile)
		refreshToken = e.text("refresh_token", types.StringNull(), oauth.CheckCredential)
		personalAccessToken = e.text("personal_access_token", types.StringNull(), oauth.CheckCredential)
		switch {
		case personalAccessToken == "":
		case refreshToken != "":
			e.conflict("refresh_token", "personal_access_token")
		case profile != "":
			e.conflict("personal_access_token", "profile")
		}
	}
	switch {
	case refreshToken != "":
		grant = oauth.Grant{Type: oauth.RefreshToken, Credential: secret.New(refreshToken)}
	case personalAccessToken != "":
		grant = oauth.Grant{Type: oauth.PersonalAccessToken, Credential: secret.New(personalAccessToken)}
	}
	return grant, profile, ignored
}

func (e *environment) duration(name string, configured types.String, check func(string) error, fallback time.Duration) time.Duration {
	text := e.text(name, configured, check)
	if text == "" {
		return fallback
	}
	duration, err := time.ParseDuration(text)
	if err != nil {
		e.refuse(name, err)
	}
	return duration
}

func (e *environment) flag(name string, configured types.Bool, fallback bool) bool {
	if !configured.IsNull() {
		return configured.ValueBool()
	}
	flag := fallback
	e.text(name, types.StringNull(), func(text string) error {
		var err error
		if flag, err = strconv.ParseBool(text); err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		return nil
	})
	return flag
}

func (e *environment) count(name string, configured types.Int64, fallback, maximum int) int {
	if !configured.IsNull() {
		return int(configured.ValueInt64()) // checked by the schema
	}
	count := fallback
	e.text(name, types.StringNull(), func(text string) error {
		var err error
		if count, err = strconv.Atoi(text); err == nil && 0 <= count && count <= maximum {
			return nil
		}
		if err := oauth.CheckCredential(text); err != nil {
			return err // about white space and line breaks
		}
		return fmt.Errorf("`%s` is not a whole number from 0 to %d", text, maximum)
	})
	return count
}

func (e *environment) conflict(one, other string) {
	e.diags.AddAttributeError(path.Root(one), "Two credentials in the environment",
		fmt.Sprintf("Both %s and %s are set, but only one of them can be used. Unset one, or set the one you want in the provider configuration.", variable(one), variable(other)))
}

func (e *environment) refuse(name string, err error) {
	e.diags.Append(invalid(path.Root(name), err))
}

// variable returns the name of the environment variable for a provider argument.
func variable(argument string) string { return "GOTO_" + strings.ToUpper(argument) }
