// Package provider is Terraform's view of GoTo's OAuth: schemas, configuration and diagnostics.
package provider

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

var (
	_ provider.ProviderWithValidateConfig     = (*gotoProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*gotoProvider)(nil)
)

type gotoProvider struct {
	version string
	now     func() time.Time
	getenv  func(string) string
	// interrupt ends at the first Ctrl-C, abandon at the second.
	interrupt, abandon context.Context
}

// Option replaces a default of the provider, such as the clock.
type Option func(*gotoProvider)

// WithClock sets the clock. The default is time.Now.
func WithClock(now func() time.Time) Option { return func(p *gotoProvider) { p.now = now } }

// WithEnvironment sets the function that reads environment variables. The default is os.Getenv.
func WithEnvironment(getenv func(string) string) Option {
	return func(p *gotoProvider) { p.getenv = getenv }
}

// WithInterrupt ends every wait when interrupt ends, except the wait for the answer to a sent token request if that
// answer cannot be obtained again. That wait ends with abandon.
func WithInterrupt(interrupt, abandon context.Context) Option {
	return func(p *gotoProvider) { p.interrupt, p.abandon = interrupt, abandon }
}

// New returns the provider's constructor. Requests carry version in their User-Agent header.
func New(version string, options ...Option) func() provider.Provider {
	return func() provider.Provider {
		p := &gotoProvider{version: version, now: time.Now, getenv: os.Getenv, interrupt: context.Background(), abandon: context.Background()}
		for _, option := range options {
			option(p)
		}
		return p
	}
}

// Metadata implements [provider.Provider].
func (p *gotoProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "goto"
	resp.Version = p.version
}

// Schema implements [provider.Provider].
func (p *gotoProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Signs in to GoTo (GoTo Connect, Webinar, Meeting) with OAuth 2.0 and hands bearer tokens to other providers, provisioners and write-only arguments. Tokens are ephemeral values, so they are not in the state or a plan, unless you configure a resource to store one. Credentials stay out of plan files too if they come from the environment or an ephemeral variable.",
		Attributes: map[string]schema.Attribute{
			"client_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: describeClientID + refusedWithout + fromEnvironment("client_id"),
				Validators:          []validator.String{stringValidator(oauth.CheckClientID)},
			},
			"client_secret": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: describeClientSecret + refusedWithout + fromEnvironment("client_secret"),
				Validators:          []validator.String{stringValidator(oauth.CheckCredential)},
			},
			"redirect_uri": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: describeRedirectURI + " Default: none; GoTo then uses the registered one, and the provider can't compare it with `callback_url`." + fromEnvironment("redirect_uri"),
				Validators:          []validator.String{stringValidator(oauth.CheckRedirectURI)},
			},
			"refresh_token": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: describeRefreshToken + " The provider uses it for each `goto_access_token` without its own grant or profile. Default: none." + fromEnvironment("refresh_token") + " The provider uses the variable only if its configuration has neither a grant nor a `profile`.",
				Validators:          []validator.String{stringValidator(oauth.CheckCredential)},
			},
			"personal_access_token": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: describePersonalAccessToken + " The provider uses it for each `goto_access_token` without its own grant or profile. Default: none." + fromEnvironment("personal_access_token") + " The provider uses the variable only if its configuration has neither a grant nor a `profile`.",
				Validators:          []validator.String{stringValidator(oauth.CheckCredential)},
			},
			"profile": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Name of the stored login. If `refresh_token` is set here, too, the provider stores its login under this name, and replaces a login that began earlier. Otherwise, it uses the login that is stored under this name. This `profile` doesn't apply to a credential that is set in a `goto_access_token`. Default: `" + defaultProfile + "` with `interactive_login`, otherwise none; without a profile, a login can be found only with its credential." + fromEnvironment("profile") + " The provider uses the variable only if its configuration has no grant.",
				Validators:          []validator.String{stringValidator(checkProfile)},
			},
			"authentication_url": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Base URL of the endpoints `/oauth/authorize` and `/oauth/token`" + describeURL + " The provider sends the client secret and the credentials there, and a stored login belongs to this URL. Default: `" + oauth.DefaultAuthenticationURL + "`." + fromEnvironment("authentication_url"),
				Validators:          []validator.String{stringValidator(checkAuthenticationURL)},
			},
			"api_url": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Base URL of GoTo's Admin API and SCIM" + describeURL + " Only `goto_me` uses it. Default: `" + defaultAPIURL + "`." + fromEnvironment("api_url"),
				Validators:          []validator.String{stringValidator(checkAPIURL)},
			},
			"token_cache": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Where the provider keeps encrypted tokens between runs: a directory that only you can read (`file:///directory`), a bucket that several machines share (`s3://bucket/prefix?region=…`, `gs://bucket/prefix`, `azblob://container/prefix?account=…`, see [Share a login between machines](guides/share-a-login.md)), or `off`. When it is off, the provider refuses codes and profiles, every process makes its own token request, and if GoTo replaces a refresh token, the new one is lost. Default: the directory `terraform-provider-goto` in your cache directory (`~/.cache` on Linux); without a cache directory, for example if `HOME` is unset, only a personal access token works until you set this argument." + fromEnvironment("token_cache"),
				Validators:          []validator.String{stringValidator(checkTokenCache)},
			},
			"interactive_login": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether a run without a usable login opens a browser and waits for a person to sign in. `redirect_uri` must then be a loopback address with a free port, like `http://localhost:8976/callback`. If no `profile`, `refresh_token` or `personal_access_token` is set, the login is stored under the profile `" + defaultProfile + "`. If `CI` or `TF_IN_AUTOMATION` is set, or if there is neither a display nor a program in `BROWSER`, the run stops instead and shows the address to open. To use another browser, or a machine without a display, set `BROWSER`. Default: `false`." + fromEnvironment("interactive_login"),
			},
			"login_timeout": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: fmt.Sprintf("How long a run with `interactive_login` waits for the sign-in. Maximum: `%dh`. Default: `%dm`.", engine.SignInLife/time.Hour, defaultLoginTimeout/time.Minute) + fromEnvironment("login_timeout"),
				Validators:          []validator.String{stringValidator(checkLoginTimeout)},
			},
			"pkce": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether the addresses in the provider's messages, and those it opens in a browser, have an S256 code challenge (RFC 7636). The address of `goto_authorize_url` has only what you set there. GoTo's server metadata lists S256, but GoTo's guides don't mention it. Default: `true`." + fromEnvironment("pkce"),
			},
			"request_timeout": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: fmt.Sprintf("How long one request to GoTo may take. Maximum: `%dm`. With all retries and the waits between them, a request takes at most `request_timeout` × (`max_retries` + 1). A token request may also have to wait before it is sent, because GoTo accepts 10 per second. Default: `%ds`.", maxRequestTimeout/time.Minute, defaultRequestTimeout/time.Second) + fromEnvironment("request_timeout"),
				Validators:          []validator.String{stringValidator(checkRequestTimeout)},
			},
			"max_retries": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: fmt.Sprintf("How many times the provider retries a request after a failed connection or a 429 or 5xx answer, from 0 to %d. It sends an authorization code again only if it is certain that GoTo hasn't processed it. Default: `%d`.", maxMaxRetries, defaultMaxRetries) + fromEnvironment("max_retries"),
				Validators:          []validator.Int64{int64validator.Between(0, maxMaxRetries)},
			},
		},
	}
}

// Configure implements [provider.Provider].
func (p *gotoProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(refuseUnknown(req.Config.Raw)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	settings, diags := p.settings(model)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.DataSourceData = settings
	resp.EphemeralResourceData = settings
}

// DataSources implements [provider.Provider].
func (p *gotoProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newAuthorizeURLDataSource, newLoginDataSource, newMeDataSource}
}

// EphemeralResources implements [provider.ProviderWithEphemeralResources].
func (p *gotoProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newAccessTokenEphemeralResource}
}

// Resources implements [provider.Provider]. There are none, because a resource would store its token in the state.
func (p *gotoProvider) Resources(context.Context) []func() resource.Resource { return nil }

type providerModel struct {
	unprintable

	ClientID            types.String `tfsdk:"client_id"`
	ClientSecret        types.String `tfsdk:"client_secret"`
	RedirectURI         types.String `tfsdk:"redirect_uri"`
	RefreshToken        types.String `tfsdk:"refresh_token"`
	PersonalAccessToken types.String `tfsdk:"personal_access_token"`
	Profile             types.String `tfsdk:"profile"`
	AuthenticationURL   types.String `tfsdk:"authentication_url"`
	APIURL              types.String `tfsdk:"api_url"`
	TokenCache          types.String `tfsdk:"token_cache"`
	InteractiveLogin    types.Bool   `tfsdk:"interactive_login"`
	LoginTimeout        types.String `tfsdk:"login_timeout"`
	PKCE                types.Bool   `tfsdk:"pkce"`
	RequestTimeout      types.String `tfsdk:"request_timeout"`
	MaxRetries          types.Int64  `tfsdk:"max_retries"`
}
