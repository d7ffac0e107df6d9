package provider

import (
	"context"
	"errors"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-goto/terraform-provider-goto/internal/admin"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
)

var _ datasource.DataSourceWithConfigure = (*meDataSource)(nil)

func newMeDataSource() datasource.DataSource { return &meDataSource{} }

type meDataSource struct{ settings *settings }

// Metadata implements [datasource.DataSource].
func (d *meDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_me"
}

// Schema implements [datasource.DataSource].
func (d *meDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	texts := func(description string) schema.ListAttribute {
		return schema.ListAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Who the provider is signed in as: GET Me of GoTo's Admin API, with the provider's own grant or profile. Nearly every GoTo API wants the account key, and this is where to find it. " +
			"The OAuth client needs the scope of Admin Center. What GoTo leaves out is null, which is usual for people who are no administrators.",
		Attributes: map[string]schema.Attribute{
			"key":         text("Key of the user."),
			"account_key": text("Key of the user's default account."),
			"email":       text("E-mail address."),
			"first_name":  text("First name."),
			"last_name":   text("Last name."),
			"locale":      text("Locale, like `en_US`."),
			"admin_roles": texts("The user's roles in the default account."),
			"accounts": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The accounts the user belongs to.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"key":         text("Key of the account."),
					"name":        text("Name of the account."),
					"admin_roles": texts("The user's roles in this account."),
				}},
			},
			"products": texts("The products the user has, in GoTo's abbreviations."),
			"created_at": schema.StringAttribute{
				CustomType:          timetypes.RFC3339Type{},
				Computed:            true,
				MarkdownDescription: "When the user was created (RFC 3339, UTC).",
			},
		},
	}
}

// Configure implements [datasource.DataSourceWithConfigure].
func (d *meDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.settings = settingsFrom(req.ProviderData, &resp.Diagnostics)
}

// Read implements [datasource.DataSource].
func (d *meDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	resp.Diagnostics.Append(ready(d.settings, req.Config.Raw)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, done := d.settings.interruptible(ctx)
	defer done()
	asked, diags := newTokenRequest(ctx, d.settings, accessTokenModel{})
	asked.byProvider = true
	if !diags.HasError() {
		var person admin.Person
		person, diags = d.me(ctx, asked)
		if !diags.HasError() {
			diags.Append(resp.State.Set(ctx, newMeModel(person))...)
		}
	}
	resp.Diagnostics.Append(withoutPlace(diags)...)
}

// me asks with the token there is, and once more with a fresh one if that has ended before its time.
func (d *meDataSource) me(ctx context.Context, asked tokenRequest) (admin.Person, diag.Diagnostics) {
	login, diags := d.token(ctx, asked)
	if diags.HasError() {
		return admin.Person{}, diags
	}
	person, err := d.settings.admin.Me(ctx, login.AccessToken)
	if failure, ok := errors.AsType[*admin.Error](err); ok && failure.TokenEnded() {
		asked.Refused = login.AccessToken
		again, more := d.token(ctx, asked)
		diags.Append(more...)
		if diags.HasError() {
			return admin.Person{}, diags
		}
		person, err = d.settings.admin.Me(ctx, again.AccessToken)
	}
	if err != nil {
		diags.AddError("Cannot tell who is signed in", describeMeFailure(err))
	}
	return person, diags
}

func (d *meDataSource) token(ctx context.Context, asked tokenRequest) (login engine.Login, diags diag.Diagnostics) {
	login, warnings, err := d.settings.token(ctx, asked.Request)
	for _, warning := range warnings {
		diags.Append(asked.warning(warning))
	}
	if err != nil {
		diags.Append(asked.failure(err))
	}
	return login, diags
}

// describeMeFailure says what a failed GET Me with a fresh token means.
func describeMeFailure(err error) string {
	what := "Asking GoTo's Admin API who is signed in failed. " + err.Error() + ".\n\n"
	status := 0
	if failure, ok := errors.AsType[*admin.Error](err); ok {
		status = failure.Status
	}
	switch {
	case status == http.StatusUnauthorized:
		return what + "The token is fresh, so the OAuth client most likely lacks the Admin Center scope. Give the client that scope on its page at " + clientsPage +
			", then sign in again, or create the personal access token anew with it: a login keeps the scopes it was made with."
	case status == http.StatusForbidden:
		return what + "The token is fresh, so the person who signed in may not use the Admin API, or the login lacks a scope. Sign in as an administrator of the account, " +
			"or give the OAuth client the Admin Center scope on its page at " + clientsPage + " and sign in again."
	case status == http.StatusNotFound:
		return what + "Check api_url (" + variable("api_url") + "); its default is " + defaultAPIURL + "."
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		return what + "Run again later."
	}
	return what + "Check the network, the proxy (HTTPS_PROXY, NO_PROXY) and api_url (" + variable("api_url") + "), then run again."
}

// withoutPlace drops the arguments that diagnostics point at: a data source without arguments has none.
func withoutPlace(diags diag.Diagnostics) (plain diag.Diagnostics) {
	for _, d := range diags {
		if d.Severity() == diag.SeverityError {
			plain.AddError(d.Summary(), d.Detail())
		} else {
			plain.AddWarning(d.Summary(), d.Detail())
		}
	}
	return plain
}

type meModel struct {
	Key        types.String      `tfsdk:"key"`
	AccountKey types.String      `tfsdk:"account_key"`
	Email      types.String      `tfsdk:"email"`
	FirstName  types.String      `tfsdk:"first_name"`
	LastName   types.String      `tfsdk:"last_name"`
	Locale     types.String      `tfsdk:"locale"`
	AdminRoles []string          `tfsdk:"admin_roles"`
	Accounts   []accountModel    `tfsdk:"accounts"`
	Products   []string          `tfsdk:"products"`
	CreatedAt  timetypes.RFC3339 `tfsdk:"created_at"`
}

type accountModel struct {
	Key        types.String `tfsdk:"key"`
	Name       types.String `tfsdk:"name"`
	AdminRoles []string     `tfsdk:"admin_roles"`
}

func newMeModel(person admin.Person) meModel {
	model := meModel{
		Key:        stringOrNull(person.Key),
		AccountKey: stringOrNull(person.AccountKey),
		Email:      stringOrNull(person.Email),
		FirstName:  stringOrNull(person.FirstName),
		LastName:   stringOrNull(person.LastName),
		Locale:     stringOrNull(person.Locale),
		AdminRoles: person.AdminRoles,
		Products:   person.Products,
		CreatedAt:  timetypes.NewRFC3339Null(),
	}
	if !person.CreatedAt.IsZero() {
		model.CreatedAt = timetypes.NewRFC3339TimeValue(person.CreatedAt)
	}
	for _, account := range person.Accounts {
		model.Accounts = append(model.Accounts, accountModel{
			Key:        stringOrNull(account.Key),
			Name:       stringOrNull(account.Name),
			AdminRoles: account.AdminRoles,
		})
	}
	return model
}
