// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The formatter of printk() and snprintf(): conversions, flags, width and precision.
 *
 * It is the kernel's own: no package has one without the rest of a C library.
 */
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>

struct output {
	char *buffer;
	size_t size;
	size_t length; /* of the whole text, whether or not it fits */
};

struct conversion {
	bool left, zero, plus, space, alternative;
	int width;
	int precision; /* -1: none given */
	enum { SIZE_CHAR, SIZE_SHORT, SIZE_INT, SIZE_LONG } size;
};

static void put(struct output *out, char c)
{
	if (out->length + 1 < out->size)
		out->buffer[out->length] = c;
	out->length++;
}

static void put_repeated(struct output *out, char c, int times)
{
	while (times-- > 0)
		put(out, c);
}

/*
 * Writes a prefix (sign, 0x), zeros up to the precision, and the digits, all padded to the width.
 */
static void put_field(struct output *out, const struct conversion *conv, const char *prefix,
		      const char *text, int length, int zeros)
{
	int padding = conv->width - (int)strlen(prefix) - zeros - length;

	if (!conv->left)
		put_repeated(out, ' ', padding);
	while (*prefix)
		put(out, *prefix++);
	put_repeated(out, '0', zeros);
	for (int i = 0; i < length; i++)
		put(out, text[i]);
	if (conv->left)
		put_repeated(out, ' ', padding);
}

static void put_number(struct output *out, const struct conversion *conv, uint64_t value,
		       const char *prefix, unsigned int base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[22]; /* 64 bits, in octal */
	int length = 0;
	int zeros;

	/* The value 0 with precision 0 has no digits at all. */
	for (uint64_t rest = value; rest || (length == 0 && conv->precision != 0); rest /= base)
		text[sizeof(text) - 1 - (size_t)length++] = digits[rest % base];
	zeros = conv->precision - length;
	if (conv->precision < 0 && conv->zero && !conv->left)
		zeros = conv->width - (int)strlen(prefix) - length;
	put_field(out, conv, prefix, text + sizeof(text) - length, length, MAX(zeros, 0));
}

static int64_t signed_argument(const struct conversion *conv, va_list *arguments)
{
	switch (conv->size) {
	case SIZE_CHAR:
		return (signed char)va_arg(*arguments, int);
	case SIZE_SHORT:
		return (short)va_arg(*arguments, int);
	case SIZE_INT:
		return va_arg(*arguments, int);
	default:
		return va_arg(*arguments, long);
	}
}

static uint64_t unsigned_argument(const struct conversion *conv, va_list *arguments)
{
	switch (conv->size) {
	case SIZE_CHAR:
		return (unsigned char)va_arg(*arguments, int);
	case SIZE_SHORT:
		return (unsigned short)va_arg(*arguments, int);
	case SIZE_INT:
		return va_arg(*arguments, unsigned int);
	default:
		return va_arg(*arguments, unsigned long);
	}
}

static void put_signed(struct output *out, const struct conversion *conv, int64_t value)
{
	const char *sign = value < 0 ? "-" : conv->plus ? "+" : conv->space ? " " : "";
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	put_number(out, conv, magnitude, sign, 10, false);
}

static void put_string(struct output *out, const struct conversion *conv, const char *text)
{
	size_t max = conv->precision < 0 ? SIZE_MAX : (size_t)conv->precision;

	if (!text)
		text = "(null)";
	put_field(out, conv, "", text, (int)strnlen(text, max), 0);
}

static const char *parse_flags(const char *format, struct conversion *conv)
{
	for (;; format++) {
		switch (*format) {
		case '-':
			conv->left = true;
			break;
		case '0':
			conv->zero = true;
			break;
		case '+':
			conv->plus = true;
			break;
		case ' ':
			conv->space = true;
			break;
		case '#':
			conv->alternative = true;
			break;
		default:
			return format;
		}
	}
}

static const char *parse_count(const char *format, int *count, va_list *arguments)
{
	if (*format == '*') {
		*count = va_arg(*arguments, int);
		return format + 1;
	}
	for (*count = 0; *format >= '0' && *format <= '9'; format++)
		*count = *count * 10 + (*format - '0');
	return format;
}

static const char *parse_length(const char *format, struct conversion *conv)
{
	conv->size = SIZE_INT;
	switch (*format) {
	case 'h':
		conv->size = format[1] == 'h' ? SIZE_CHAR : SIZE_SHORT;
		return format + (format[1] == 'h' ? 2 : 1);
	case 'l':
		conv->size = SIZE_LONG;
		return format + (format[1] == 'l' ? 2 : 1);
	case 'z':
	case 't':
		conv->size = SIZE_LONG;
		return format + 1;
	default:
		return format;
	}
}

static const char *parse_conversion(const char *format, struct conversion *conv, va_list *arguments)
{
	*conv = (struct conversion){.precision = -1};
	format = parse_flags(format, conv);
	format = parse_count(format, &conv->width, arguments);
	if (conv->width < 0) {
		conv->left = true;
		conv->width = -conv->width;
	}
	if (*format == '.')
		format = parse_count(format + 1, &conv->precision, arguments);
	return parse_length(format, conv);
}

static void put_hexadecimal(struct output *out, const struct conversion *conv, uint64_t value,
			    bool upper)
{
	const char *prefix = upper ? "0X" : "0x";

	put_number(out, conv, value, conv->alternative && value ? prefix : "", 16, upper);
}

/*
 * Writes one argument as the letter of its conversion says. Returns false if there is no such
 * conversion.
 */
static bool put_argument(struct output *out, const struct conversion *conv, char letter,
			 va_list *arguments)
{
	char c;

	switch (letter) {
	case 'd':
	case 'i':
		put_signed(out, conv, signed_argument(conv, arguments));
		return true;
	case 'u':
		put_number(out, conv, unsigned_argument(conv, arguments), "", 10, false);
		return true;
	case 'o':
		put_number(out, conv, unsigned_argument(conv, arguments), "", 8, false);
		return true;
	case 'x':
	case 'X':
		put_hexadecimal(out, conv, unsigned_argument(conv, arguments), letter == 'X');
		return true;
	case 'p':
		put_number(out, conv, (uintptr_t)va_arg(*arguments, void *), "0x", 16, false);
		return true;
	case 'c':
		c = (char)va_arg(*arguments, int);
		put_field(out, conv, "", &c, 1, 0);
		return true;
	case 's':
		put_string(out, conv, va_arg(*arguments, const char *));
		return true;
	case '%':
		put(out, '%');
		return true;
	default:
		return false;
	}
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list list)
{
	struct output out = {buffer, size, 0};
	va_list arguments;

	va_copy(arguments, list);
	while (*format) {
		const char *start = format;
		struct conversion conv;

		if (*format != '%') {
			put(&out, *format++);
			continue;
		}
		format = parse_conversion(format + 1, &conv, &arguments);
		if (put_argument(&out, &conv, *format, &arguments)) {
			format++;
			continue;
		}
		/* Unknown, or the format ends here: print it as it stands. */
		while (start < format)
			put(&out, *start++);
		if (*format)
			put(&out, *format++);
	}
	va_end(arguments);
	if (size)
		buffer[MIN(out.length, size - 1)] = '\0';
	return (int)out.length;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}
