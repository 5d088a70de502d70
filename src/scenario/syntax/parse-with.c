/* SPDX-License-Identifier: MIT */
/* The head of a with statement: its managers, which may be in parentheses of the statement's own. */
#include "scenario/syntax/parser.h"

/* What is directly in a pair of parentheses. */
struct contents {
	bool is_expression;	/* a generator expression, a yield, a tuple with a "*" */
	uint32_t nr_tokens;
	struct token behind;	/* the token after ")" */
};

static void look_at(struct contents *contents, const struct token *token, enum token_kind last)
{
	bool begins = last == TOKEN_LEFT_PAREN || last == TOKEN_COMMA;

	contents->nr_tokens++;
	if (token->kind == TOKEN_FOR || token->kind == TOKEN_ASYNC ||
			(begins && (token->kind == TOKEN_YIELD || token->kind == TOKEN_STAR)))
		contents->is_expression = true;
}

/* Reads on to the end of the parentheses that begin with the current token, and leaves the parser where it is. */
static struct contents look_ahead(const struct parser *p)
{
	struct lexer lexer = p->lexer;
	struct token token = p->token;
	struct contents contents = {0};
	enum token_kind last;
	uint32_t depth = 0;

	do {
		last = token.kind;
		if (last == TOKEN_LEFT_PAREN || last == TOKEN_LEFT_BRACKET || last == TOKEN_LEFT_BRACE)
			depth++;
		if (!contents.nr_tokens && p->has_next)
			token = p->next;
		else
			lex_next(&lexer, &token);
		if (depth == 1)
			look_at(&contents, &token, last);
		else
			contents.nr_tokens++;
		if (token.kind == TOKEN_RIGHT_PAREN || token.kind == TOKEN_RIGHT_BRACKET ||
				token.kind == TOKEN_RIGHT_BRACE)
			depth--;
	} while (depth && token.kind != TOKEN_END);
	lex_next(&lexer, &contents.behind);
	return contents;
}

/* "with (a as b, c):" has parentheses around its managers; "with (a, b) as c:" has a tuple. */
static bool has_parentheses(const struct parser *p)
{
	struct contents contents;

	if (!parser_is(p, TOKEN_LEFT_PAREN))
		return false;
	contents = look_ahead(p);
	if (contents.is_expression || contents.nr_tokens < 2)
		return false;
	return contents.behind.kind == TOKEN_COLON || contents.behind.kind == TOKEN_NEWLINE;
}

static struct with_item parse_item(struct parser *p)
{
	struct with_item item = {.context = parse_expr(p)};

	if (!parser_accept(p, TOKEN_AS))
		return item;
	if (parser_is(p, TOKEN_STAR))
		parser_say(p, p->token.line, "starred assignment target must be in a list or tuple");
	item.target = parse_expr(p);
	parser_set_target(p, item.target, TARGET_FOR, false);
	return item;
}

void parse_with_items(struct parser *p, struct stmt *s)
{
	bool is_paren;

	parser_advance(p);
	is_paren = has_parentheses(p);
	if (is_paren)
		parser_advance(p);
	do {
		if (is_paren && s->with.nr_items && parser_is(p, TOKEN_RIGHT_PAREN))
			break;
		PUSH(p->c, s->with.items, s->with.nr_items, parse_item(p));
	} while (parser_accept(p, TOKEN_COMMA));
	if (is_paren)
		parser_expect(p, TOKEN_RIGHT_PAREN);
	p->is_plain = parser_is(p, TOKEN_EQUAL);
}
