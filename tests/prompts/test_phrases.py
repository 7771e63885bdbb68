"""The sentences callers hear, and what is told to whoever writes them badly."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.languages import Unspeakable
from ivr.phrase_file import BadPhrases, load_book
from ivr.prompts import Phrase

NOW = datetime(2027, 3, 3, 14, 30, tzinfo=UTC)

CATALOGUE = """
common.beep common.still_there common.invalid common.goodbye common.trouble common.one_moment
aa.welcome aa.english_offer aa.menu aa.unknown_extension aa.to_operator
vm.login.mailbox vm.login.pin vm.login.incorrect vm.login.locked vm.summary vm.main vm.help
vm.message.header vm.message.from vm.message.from_name vm.message.from_unknown
vm.message.received vm.message.menu vm.message.none vm.message.no_more vm.message.deleted
vm.message.restored vm.message.no_room vm.options vm.temp.active vm.temp.menu vm.temp.none
vm.temp.removed vm.temp.saved vm.record.temporary vm.review vm.record.nothing
vm.record.discarded vm.leave.unavailable vm.leave.unavailable_name vm.leave.instructions
vm.leave.full vm.leave.unknown vm.leave.kept vm.leave.too_short vm.leave.discarded
vm.leave.keep_or_lose vm.goodbye
"""


def phrase(identifier, language="fr", **arguments):
    return Phrase(identifier, language, tuple(sorted(arguments.items())))


def values(kind, words):
    """Whatever an argument of this type may hold; a word is one of those it is tested against."""
    instants = st.integers(-(10**9), 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds))
    return {
        "text": st.text(st.characters(exclude_characters="{}"), max_size=100).map(_something),
        "count": st.integers(0, 9999),
        "ordinal": st.integers(1, 9999),
        "digits": st.text("0123456789", max_size=8),
        "phone": st.text("+0123456789", max_size=16),
        "duration": st.floats(0, 90_000),
        "datetime": instants,
        "flag": st.booleans(),
        "word": st.sampled_from(words or [""]),
    }[kind]


def _something(words):
    """What is said in somebody's own words alone is never nothing: their form asks for words."""
    return words if any(letter.isalnum() for letter in words) else "Élise"


def test_every_phrase_of_the_flows_exists_in_french_and_in_english(book):
    assert book.languages == {"fr", "en"}
    assert set(CATALOGUE.split()) <= set(book.ids)
    assert set(book.entries["fr"]) == set(book.entries["en"])


@pytest.mark.parametrize(
    ("new", "old", "urgent", "french", "english"),
    [
        (0, 0, 0, "Vous n'avez aucun message.", "You have no messages."),
        (1, 0, 0, "Vous avez un nouveau message.", "You have one new message."),
        (
            1,
            0,
            1,
            "Vous avez un nouveau message urgent.",
            "You have one new urgent message.",
        ),
        (
            3,
            2,
            1,
            "Vous avez trois nouveaux messages, dont un urgent, et deux anciens messages.",
            "You have three new messages, one of them urgent, and two old messages.",
        ),
        (
            4,
            0,
            2,
            "Vous avez quatre nouveaux messages, dont deux urgents.",
            "You have four new messages, two of them urgent.",
        ),
        (
            21,
            1,
            0,
            "Vous avez vingt et un nouveaux messages et un ancien message.",
            "You have twenty-one new messages and one old message.",
        ),
        (
            0,
            2,
            0,
            "Vous n'avez aucun nouveau message, mais vous avez deux anciens messages.",
            "You have no new messages, but you have two old messages.",
        ),
    ],
)
def test_messages_are_counted_in_the_right_number(book, new, old, urgent, french, english):
    assert book.text(phrase("vm.summary", new=new, old=old, urgent=urgent)) == french
    assert book.text(phrase("vm.summary", "en", new=new, old=old, urgent=urgent)) == english


def test_a_message_is_introduced_by_its_rank_its_caller_and_its_hour(book):
    first = phrase("vm.message.header", position=1, is_new=True, is_urgent=True, deleted=False)
    assert book.text(first) == "Premier message, nouveau, urgent."
    other = phrase("vm.message.header", position=2, is_new=False, is_urgent=False, deleted=True)
    assert book.text(other) == "Deuxième message, effacé."
    assert book.text(phrase("vm.message.forwarded", number="102")) == (
        "Transféré par le poste 1 0 2."
    )
    assert book.text(phrase("vm.message.duration", length=150)) == (
        "Durée : deux minutes et trente secondes."
    )
    assert book.text(phrase("vm.message.from", number="5145550123")) == "Du 514 555-0123."
    assert book.text(phrase("vm.message.from", number="101")) == "Du poste 1 0 1."
    assert book.text(phrase("vm.message.from_name", name="Émile Roy")) == "D'Émile Roy."
    yesterday = NOW - timedelta(days=1)
    assert book.text(phrase("vm.message.received", at=yesterday, today=NOW)) == (
        "Reçu hier, à 14 heures 30."
    )
    assert book.text(phrase("vm.message.received", "en", at=NOW, today=NOW)) == (
        "Received today, at 2:30 p.m."
    )


def test_an_owner_hears_which_folder_is_open_and_what_it_holds(book):
    opened = phrase("vm.folder.opened", folder="family", total=0)
    assert book.text(opened) == "Dossier Famille : aucun message."
    opened = phrase("vm.folder.opened", "en", folder="new", total=21)
    assert book.text(opened) == "New messages folder: twenty-one messages."
    filed = phrase("vm.folder.filed", folder="friends")
    assert book.text(filed) == "Message classé dans le dossier Amis."


def test_an_owner_hears_how_many_received_a_forwarded_message(book):
    assert book.text(phrase("vm.forward.sent", recipients=1)) == "Le message a été transféré."
    assert book.text(phrase("vm.forward.sent", recipients=3)) == (
        "Le message a été transféré à trois destinataires."
    )
    assert book.text(phrase("vm.forward.some", recipients=1)) == (
        "Le message a été transféré à un destinataire. Il n'y a plus de place chez les autres."
    )


@pytest.mark.parametrize(
    ("language", "kind", "start"),
    [
        ("fr", "unavailable", "Message d'accueil de non-disponibilité. Pour l'enregistrer,"),
        ("fr", "busy", "Message d'accueil quand vous êtes au téléphone. Pour l'enregistrer,"),
        ("fr", "name", "Votre nom. Pour l'enregistrer, appuyez sur le 1."),
        ("en", "unavailable", "Your unavailable greeting. To record it, press 1."),
        ("en", "busy", "Your greeting while you are on the phone. To record it, press 1."),
        ("en", "name", "Your name. To record it, press 1."),
    ],
)
def test_the_menu_of_a_greeting_says_which_one_it_is(book, language, kind, start):
    said = book.text(phrase("vm.greeting.menu", language, kind=kind))
    assert said.startswith(start)


def test_recording_a_name_and_a_greeting_are_explained_apart(book):
    said = {kind: book.text(phrase("vm.record.greeting", kind=kind)) for kind in ("busy", "name")}
    assert said["name"] == (
        "Après la tonalité, dites votre nom, puis appuyez sur le carré."
        " Pour annuler, appuyez sur l'étoile."
    )
    assert said["busy"].startswith("Après la tonalité, enregistrez le message qu'on entendra")


def test_who_comes_too_early_is_told_when_by_the_clocks_of_the_conference(book):
    starts = datetime(2027, 8, 3, 17, 0, tzinfo=ZoneInfo("America/Vancouver"))
    opens, heard = starts - timedelta(minutes=10), NOW.astimezone(ZoneInfo("America/Toronto"))
    said = {
        code: [
            book.text(phrase("conf.starts", code, starts=starts, now=heard)),
            book.text(phrase("conf.opens", code, opens=opens)),
        ]
        for code in ("fr", "en")
    }
    assert said["fr"] == [
        "La conférence commencera le mardi 3 août, à 17 heures.",
        "Vous pourrez la rejoindre à partir de 16 heures 50.",
    ]
    assert said["en"] == [
        "The conference will begin on Tuesday, August 3rd, at 5 p.m.",
        "You can join it from 4:50 p.m. on.",
    ]


def test_french_addresses_the_caller_as_vous_and_names_the_keys_as_in_quebec(book):
    for identifier in book.ids:
        pieces = [piece for part in book.entries["fr"][identifier].parts for piece in part.pieces]
        said = " ".join(piece for piece in pieces if isinstance(piece, str))
        words = set(said.lower().replace(",", " ").replace(".", " ").replace("'", " ").split())
        assert not words & {"tu", "ton", "tes", "appuie", "extension", "email"}
        assert "dièse" not in words or "carré" in words


@given(st.data())
def test_no_phrase_ever_leaves_an_argument_unsaid(book, data):
    identifier = data.draw(st.sampled_from(book.ids))
    language = data.draw(st.sampled_from(sorted(book.languages)))
    kinds = book.parameters(identifier)
    tests = [test for part in book.entries[language][identifier].parts for test in part.conditions]
    words = {name: [test.value for test in tests if test.name == name] for name in kinds}
    arguments = {name: data.draw(values(kind, words[name])) for name, kind in sorted(kinds.items())}
    spoken = book.spoken(phrase(identifier, language, **arguments))
    assert spoken.strip(" .")
    assert "{" not in spoken
    assert "}" not in spoken
    assert not any(character in "0123456789" for character in spoken)


@pytest.mark.parametrize(
    "wrong",
    [
        phrase("vm.nowhere"),
        phrase("vm.goodbye", "de"),
        phrase("vm.summary", new=1),
        phrase("vm.summary", new="1", old=0, urgent=0),
        phrase("vm.summary", new=True, old=0, urgent=0),
        phrase("vm.message.header", position=1, is_new=1, is_urgent=False, deleted=False),
        phrase("vm.message.received", at=NOW.replace(tzinfo=None), today=NOW),
    ],
    ids=["unknown", "language", "missing", "text", "flag", "count", "zone"],
)
def test_a_phrase_asked_for_wrongly_is_a_bug_of_the_flow(book, wrong):
    with pytest.raises(Unspeakable, match=wrong.id):
        book.text(wrong)


def test_a_caller_with_an_endless_name_is_named_shortly(book):
    assert len(book.text(phrase("vm.message.from_name", name="a" * 5000))) < 100


# ---- Files with faults


def spoiled(prompts, language, text):
    with (prompts / language / "phrases.toml").open("a", encoding="utf-8") as file:
        file.write(text)
    with pytest.raises(BadPhrases) as caught:
        load_book(prompts)
    return [str(fault).partition("phrases.toml: ")[2] for fault in caught.value.faults]


BOTH_FAULTS = """
["x.one"]
args = { n = "count", m = "number" }
text = "{n:z} et {q}"

["x.two"]
texte = "a"
"""


def test_all_faults_of_a_file_are_told_at_once(prompts):
    faults = spoiled(prompts, "fr", BOTH_FAULTS)
    assert len([fault for fault in faults if fault.startswith("x.one")]) >= 3
    assert len([fault for fault in faults if fault.startswith("x.two")]) >= 2
    assert "x.one: is missing in this language" in faults


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('text = "a {n"', "a brace has no other half"),
        ('text = "{n}"', "not in 'args'"),
        ('args = { n = "count" }\ntext = "a"', "'n' is never used"),
        (
            'args = { n = "count" }\nparts = [{ when = "n=0", text = "a {n}" }]',
            "nothing is said when n=1",
        ),
        (
            'args = { n = "count" }\nparts = [{ when = "n~0", text = "a {n}" }]',
            "cannot read the condition",
        ),
        ('args = { n = "text" }\nparts = [{ when = "n=0", text = "a {n}" }]', "does not suit"),
        ('args = { n = "flag" }\ntext = "a {n}"', "use it in a 'when'"),
        ('args = { n = "word" }\ntext = "a {n}"', "use it in a 'when'"),
        ('args = { n = "word" }\nparts = [{ when = "n>b", text = "a" }]', "does not suit"),
        ('args = { n = "datetime" }\ntext = "a {n:day:m}"', "must be another datetime"),
        ('args = { n = ["count"] }\ntext = "a {n}"', "unknown type"),
        ('args = { n = "count" }\ntext = "{n}"\nhuman = ["a"]', "cannot have arguments"),
        ('text = "a"\nhuman = "vm"', "'human' is a list"),
        ('text = "a"\ntone = { hz = 20, seconds = 1, dbfs = -12 }', "'tone' is"),
        ('text = "a"\ntone = { hz = 440, seconds = 1, dbfs = -12, times = 0 }', "'tone' is"),
        ('text = "a"\ntone = { hz = 440, seconds = 1, dbfs = -12, pips = 2 }', "'tone' is"),
        ('text = "a"\nparts = [{ text = "b" }]', "either 'text' or 'parts'"),
        ("text = 4", "a part has a 'text'"),
    ],
)
def test_each_fault_of_a_phrase_says_what_to_do(prompts, table, told):
    faults = spoiled(prompts, "fr", f'\n["x.y"]\n{table}\n')
    assert [fault for fault in faults if fault.startswith("x.y: ") and told in fault]


def test_a_phrase_with_other_arguments_in_the_other_language_is_refused(prompts):
    for language, kind in (("fr", "count"), ("en", "text")):
        with (prompts / language / "phrases.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n["x.y"]\nargs = {{ n = "{kind}" }}\ntext = "{{n}}"\n')
    with pytest.raises(BadPhrases, match="has other arguments than in 'en'"):
        load_book(prompts)


def test_a_file_that_is_no_toml_and_a_language_without_grammar_are_told(prompts):
    (prompts / "de").mkdir()
    (prompts / "de" / "phrases.toml").write_text("", encoding="utf-8")
    (prompts / "en" / "phrases.toml").write_text("a = ", encoding="utf-8")
    with pytest.raises(BadPhrases) as caught:
        load_book(prompts)
    assert "no grammar of this language" in str(caught.value)
    assert "cannot be read" in str(caught.value)


def test_an_empty_folder_is_no_book(tmp_path):
    with pytest.raises(BadPhrases, match="there is no"):
        load_book(tmp_path)


BY_KIND = """
["x.y"]
args = {{ kind = "word" }}
parts = [{{ when = "kind=busy", text = "{busy}" }}, {{ when = "kind={other}", text = "Nom" }}]
"""


def told_apart(prompts, french, english):
    for language, busy, other in (("fr", "Occupé", french), ("en", "Busy", english)):
        with (prompts / language / "phrases.toml").open("a", encoding="utf-8") as file:
            file.write(BY_KIND.format(busy=busy, other=other))


def test_a_sentence_may_depend_on_a_word(prompts):
    told_apart(prompts, "name", "name")
    book = load_book(prompts)
    assert book.text(phrase("x.y", "fr", kind="busy")) == "Occupé"
    assert book.text(phrase("x.y", "en", kind="busy")) == "Busy"
    assert book.text(phrase("x.y", "fr", kind="name")) == "Nom"


def test_a_sentence_that_depends_on_other_words_in_the_other_language_is_refused(prompts):
    told_apart(prompts, "name", "unavailable")
    with pytest.raises(BadPhrases, match="tests other words of 'kind'"):
        load_book(prompts)


def test_plural_categories_of_the_language_may_be_conditions(prompts):
    for language in ("fr", "en"):
        with (prompts / language / "phrases.toml").open("a", encoding="utf-8") as file:
            file.write('\n["x.y"]\nargs = { n = "count" }\nparts = [\n')
            file.write('{ when = "n=one", text = "{n} I" }, { when = "n=other", text = "{n} II" },')
            file.write('{ when = "n=many", text = "{n} III" }]\n')
    book = load_book(prompts)
    assert book.text(phrase("x.y", "fr", n=0)) == "Zéro I"
    assert book.text(phrase("x.y", "en", n=0)) == "Zero II"
