"""Numbers of every region of the world, by Google's own library.

Each line names a region, a writing of a number in that region, the number in
E.164 (- where there is none), how Google's library reads the writing, and the
number's region and type. The numbers are the library's examples and the first
and last ones of each branch of each pattern; the writings are the usual ones.
"""
import random
import re._parser as parser
import sys

import phonenumbers as lib
from phonenumbers import PhoneNumberFormat as Form, PhoneNumberType as Type

NAMES = {
    Type.MOBILE: "mobile", Type.FIXED_LINE_OR_MOBILE: "fixed-or-mobile",
    Type.FIXED_LINE: "fixed-line", Type.VOIP: "voip", Type.TOLL_FREE: "toll-free",
    Type.PREMIUM_RATE: "premium-rate", Type.SHARED_COST: "shared-cost",
    Type.PERSONAL_NUMBER: "personal", Type.PAGER: "pager", Type.UAN: "uan",
    Type.VOICEMAIL: "voicemail", Type.UNKNOWN: "unknown",
}
DESCRIPTIONS = ("mobile", "fixed_line", "toll_free", "premium_rate", "shared_cost", "personal_number",
                "voip", "pager", "uan", "voicemail")
# As many numbers of one pattern at most.
MOST = 6


def edges(tree, pick):
    """One text that a pattern matches; `pick` chooses from a list."""
    text = ""
    for name, value in tree:
        name = str(name)
        if name == "LITERAL":
            text += chr(value)
        elif name == "IN":
            text += chr(pick(sorted(characters(value))))
        elif name == "BRANCH":
            text += edges(pick(value[1]), pick)
        elif name == "SUBPATTERN":
            text += edges(value[3], pick)
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = value
            text += "".join(edges(inner, pick) for _ in range(pick(list(range(least, most + 1)))))
        else:
            raise ValueError(name)
    return text


def characters(ranges):
    for name, value in ranges:
        if str(name) == "LITERAL":
            yield value
        elif str(name) == "RANGE":
            yield from range(value[0], value[1] + 1)
        elif str(name) == "CATEGORY":
            yield from map(ord, "0123456789")


def numbers(region, code):
    """Numbers that the library says are assigned in a region."""
    plan = lib.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    rng = random.Random(f"{region}{code}")
    found = {}
    for name in DESCRIPTIONS:
        description = getattr(plan, name)
        if description is None or not description.national_number_pattern:
            continue
        tree = parser.parse(description.national_number_pattern)
        texts = [description.example_number] if description.example_number else []
        texts.append(edges(tree, lambda options: options[0]))
        texts.append(edges(tree, lambda options: options[-1]))
        texts += [edges(tree, lambda options: options[rng.choice((0, -1, rng.randrange(len(options))))])
                  for _ in range(MOST)]
        for text in texts:
            zeros = len(text) - len(text.lstrip("0"))
            number = lib.PhoneNumber(country_code=code, national_number=int(text))
            if zeros:
                number.italian_leading_zero, number.number_of_leading_zeros = True, zeros
            if lib.is_valid_number(number):
                found.setdefault(lib.format_number(number, Form.E164), number)
    return found


def writings(number, region):
    e164 = lib.format_number(number, Form.E164)
    yield "", e164
    yield "US", lib.format_number(number, Form.INTERNATIONAL)
    yield "DE", "00" + e164[1:]
    yield "DE", lib.format_number(number, Form.RFC3966)
    if region == "001":
        return
    national = lib.format_number(number, Form.NATIONAL)
    yield region, national
    yield region, lib.format_out_of_country_calling_number(number, region)
    yield region, lib.national_significant_number(number)
    yield region, e164[1:]
    yield region, lib.national_significant_number(number) + ".0"
    yield region, "".join(chr(0x0660 + int(it)) if it.isdigit() else it for it in national)


def google(writing, region):
    """How Google's library reads it, and whether that is a possible number."""
    try:
        number = lib.parse(writing, region or None)
    except lib.NumberParseException:
        return "-", False
    return lib.format_number(number, Form.E164), lib.is_possible_number(number)


def line(region, writing, e164, read, number):
    countries = lib.region_code_for_number(number) if number else "-"
    name = NAMES[lib.number_type(number)] if number else "-"
    print(region, writing, e164, read, countries, name, sep="\t")


def main():
    regions = [(region, lib.country_code_for_region(region)) for region in lib.SUPPORTED_REGIONS]
    regions += [("001", code) for code in lib.COUNTRY_CODES_FOR_NON_GEO_REGIONS]
    for region, code in sorted(regions):
        for e164, number in numbers(region, code).items():
            for at, writing in writings(number, region):
                line(at, writing, e164, google(writing, at)[0], number)
            # A digit more or less: as Google reads it, or refused.
            for writing in (e164 + "0", e164[:-1]):
                read, is_possible = google(writing, None)
                line("", writing, "-", read if is_possible else "-", None)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    main()
