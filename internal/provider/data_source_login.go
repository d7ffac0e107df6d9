package provider

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
)

var _ datasource.DataSourceWithConfigure = (*loginDataSource)(nil)

func newLoginDataSource() datasource.DataSource { return &loginDataSource{} }

type loginDataSource struct{ settings *settings }

// Metadata implements [datasource.DataSource].
func (d *loginDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_login"
}

// Schema implements [datasource.DataSource].
func (d *loginDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Who is signed in under a profile, and until when, as the token cache knows it. GoTo is not asked, so a login that was revoked elsewhere shows only after a run has tried to use it. " +
			"Nothing here is secret, and the values change only when the login does: a new access token changes none of them.",
		Attributes: map[string]schema.Attribute{
			"profile": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Name under which the login is kept." + fromProvider,
				Validators:          []validator.String{sentence(checkProfile)},
			},
			"signed_in": schema.BoolAttribute{
				Computed: true,
				MarkdownDescription: "Whether there is a login that can still be used: its refresh token or its access token has not ended, as far as that is known. " +
					"`false` where nothing is stored that this OAuth client and its secret open; that is no error.",
			},
			"principal": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Who signed in, usually an e-mail address; also after the login has ended.",
			},
			"scopes": schema.SetAttribute{
				ElementType:         types.StringType,
				Computed:            true,
				MarkdownDescription: "Scopes of the login; empty where none are known.",
			},
			"signed_in_at": schema.StringAttribute{
				CustomType:          timetypes.RFC3339Type{},
				Computed:            true,
				MarkdownDescription: "When the login began (RFC 3339, UTC): when its code was exchanged, or its refresh token first used here. Null where that is not known.",
			},
			"refresh_token_expires_at": schema.StringAttribute{
				CustomType: timetypes.RFC3339Type{},
				Computed:   true,
				MarkdownDescription: "When the refresh token ends (RFC 3339, UTC): read from the token where it says so, else 30 days from its issue. " +
					"It moves when GoTo replaces the token, from day 18 on, if a run needs a new access token then. Null where it is not known, and where there is no refresh token that GoTo accepts.",
			},
			"location": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The file or the object that holds the login: removing it removes this login and no other. Where nothing is stored, the one that the profile would have.",
			},
		},
	}
}

// Configure implements [datasource.DataSourceWithConfigure].
func (d *loginDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.settings = settingsFrom(req.ProviderData, &resp.Diagnostics)
}

// Read implements [datasource.DataSource].
func (d *loginDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model loginModel
	resp.Diagnostics.Append(ready(d.settings, req.Config.Raw)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	asked, diags := newTokenRequest(ctx, d.settings, accessTokenModel{Profile: model.Profile})
	if asked.Profile == "" {
		at := path.Root("profile")
		diags.AddAttributeError(at, "Missing "+name(at),
			"goto_login tells what is kept under a profile, and none is given here, at the provider or in the environment variable "+variable("profile")+". "+
				"The login of a credential without a profile has no name to find it by.")
	}
	resp.Diagnostics.Append(placedAtProfile(diags)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, done := d.settings.interruptible(ctx)
	defer done()
	login, location, err := d.settings.engine.Stored(ctx, asked.Client, asked.Profile)
	if err != nil {
		resp.Diagnostics.Append(asked.failure(err))
		return
	}
	resp.Diagnostics.Append(model.fill(ctx, login, d.settings.now())...)
	model.Location = types.StringValue(location)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// fill sets what is known of the login, nil if there is none.
func (m *loginModel) fill(ctx context.Context, login *engine.Login, now time.Time) (diags diag.Diagnostics) {
	if login == nil {
		login = &engine.Login{}
	}
	m.SignedIn = types.BoolValue(!login.Ended(now))
	m.Principal = stringOrNull(login.Principal)
	m.SignedInAt, m.RefreshTokenExpiresAt = timeOrNull(login.SignedInAt), timeOrNull(login.RefreshTokenExpiresAt)
	m.Scopes, diags = types.SetValueFrom(ctx, types.StringType, distinct(strings.Fields(login.Scope)))
	return diags
}

type loginModel struct {
	Profile               types.String      `tfsdk:"profile"`
	SignedIn              types.Bool        `tfsdk:"signed_in"`
	Principal             types.String      `tfsdk:"principal"`
	Scopes                types.Set         `tfsdk:"scopes"`
	SignedInAt            timetypes.RFC3339 `tfsdk:"signed_in_at"`
	RefreshTokenExpiresAt timetypes.RFC3339 `tfsdk:"refresh_token_expires_at"`
	Location              types.String      `tfsdk:"location"`
}
