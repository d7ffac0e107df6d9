package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-goto/terraform-provider-goto/internal/admin"
	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/signin"
)

// settings is the provider's configuration for its data sources and ephemeral resources, completed from the
// environment.
type settings struct {
	client  oauth.Client // each part may be empty
	grant   oauth.Grant  // zero if there is none
	profile string
	// ignored are the arguments of the grants in the environment that the configuration overrides with a profile.
	ignored []string
	server  oauth.Server
	engine  *engine.Engine
	signIn  *signin.Flow // nil without interactive_login
	pkce    bool
	admin   *admin.Client
	// revocations are the tokens to be revoked when their blocks are closed.
	revocations revocations
	now         func() time.Time
	// interrupt is that of [gotoProvider].
	interrupt context.Context
}

// settings takes each argument from the configuration, the environment or the defaults, in this order.
func (p *gotoProvider) settings(model providerModel) (*settings, diag.Diagnostics) {
	env := environment{getenv: p.getenv}
	s := &settings{
		client: oauth.Client{
			ID:          env.text("client_id", model.ClientID, oauth.CheckClientID),
			Secret:      secret.New(env.text("client_secret", model.ClientSecret, oauth.CheckCredential)),
			RedirectURI: env.text("redirect_uri", model.RedirectURI, oauth.CheckRedirectURI),
		},
		now:       p.now,
		interrupt: p.interrupt,
	}
	s.grant, s.profile, s.ignored = env.grant(model)
	authenticationURL := env.text("authentication_url", model.AuthenticationURL, checkAuthenticationURL)
	if authenticationURL == "" {
		authenticationURL = oauth.DefaultAuthenticationURL
	}
	apiURL := env.text("api_url", model.APIURL, checkAPIURL)
	if apiURL == "" {
		apiURL = defaultAPIURL
	}
	location := env.text("token_cache", model.TokenCache, checkTokenCache)
	interactive := env.flag("interactive_login", model.InteractiveLogin, false)
	if interactive && s.grant.Type == "" && s.profile == "" {
		s.profile = defaultProfile
	}
	loginTimeout := env.duration("login_timeout", model.LoginTimeout, checkLoginTimeout, defaultLoginTimeout)
	s.pkce = env.flag("pkce", model.PKCE, true)
	timeout := env.duration("request_timeout", model.RequestTimeout, checkRequestTimeout, defaultRequestTimeout)
	retries := env.count("max_retries", model.MaxRetries, defaultMaxRetries, maxMaxRetries)
	if env.diags.HasError() {
		return nil, env.diags
	}

	api, err := httpclient.ParseBaseURL(apiURL)
	if err != nil {
		env.refuse("api_url", err)
		return nil, env.diags
	}
	if s.server, err = oauth.NewServer(authenticationURL); err != nil {
		env.refuse("authentication_url", err)
		return nil, env.diags
	}
	userAgent := "terraform-provider-goto/" + p.version + " (+https://github.com/terraform-goto/terraform-provider-goto)"
	client := httpclient.New(timeout)
	s.admin = &admin.Client{URL: api.String(), UserAgent: userAgent, HTTP: client, MaxRetries: retries, Now: p.now}
	endpoint := &oauth.TokenEndpoint{
		Server:     s.server,
		UserAgent:  userAgent,
		HTTP:       client,
		MaxRetries: retries,
		Now:        p.now,
		Abandon:    p.abandon,
		Log:        tflog.Info,
	}
	storage, err := cache.OpenLocation(location, cache.Options{
		// The holder of a claim may need two token requests: a refresh, then the configured credential. In object
		// storage, each request has its own claim.
		ClaimTimeout: 2*endpoint.Budget() + cache.ClaimSlack,
		ClaimLife:    endpoint.Budget() + cache.ClaimSlack,
		Now:          p.now,
		Log:          tflog.Info,
	})
	if err != nil {
		env.refuse("token_cache", err)
		return nil, env.diags
	}
	s.engine = &engine.Engine{Endpoint: endpoint, Cache: cache.New(storage), Now: p.now, Log: tflog.Debug}
	if interactive {
		s.signIn = signin.New(signin.Flow{Engine: s.engine, Server: s.server, Getenv: p.getenv, Timeout: loginTimeout, PKCE: s.pkce, Log: tflog.Warn})
	}
	return s, env.diags
}

const (
	defaultAPIURL         = "https://api.getgo.com"
	defaultRequestTimeout = 30 * time.Second
	defaultMaxRetries     = 3
	defaultLoginTimeout   = 5 * time.Minute
	// defaultProfile is the profile of a browser sign-in if none is configured.
	defaultProfile = "default"
	maxMaxRetries  = 10
)

// refuseUnknown returns errors for provider arguments that are not known yet, which would otherwise count as absent.
func refuseUnknown(config tftypes.Value) diag.Diagnostics {
	arguments, diags := argumentsOf(config)
	for _, argument := range slices.Sorted(maps.Keys(arguments)) {
		if !arguments[argument].IsKnown() {
			diags.AddAttributeError(path.Root(argument), "Provider argument not known yet",
				fmt.Sprintf("The value of %s becomes known only when something else in this configuration is applied, but the provider needs it earlier. "+
					"Take it from a variable, the environment (%s), a data source or an ephemeral resource, or use -target to apply the resource that it comes from first.",
					argument, variable(argument)))
		}
	}
	return diags
}

// interruptible returns a copy of ctx that also ends when the process is interrupted.
func (s *settings) interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.interrupt, cancel)
	return ctx, func() { stop(); cancel() }
}

// token obtains the token for request. With interactive_login, it asks a person to sign in if necessary.
func (s *settings) token(ctx context.Context, request tokenRequest) (login engine.Login, diags diag.Diagnostics) {
	obtain := s.engine.Token
	if s.signIn != nil {
		obtain = s.signIn.Token
	}
	login, warnings, err := obtain(ctx, request.Request)
	for _, warning := range warnings {
		diags.Append(request.warning(warning))
	}
	if err != nil {
		diags.Append(request.failure(err))
	}
	return login, diags
}
