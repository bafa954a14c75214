"""What the operations of api.audio v1 take, by name; others take nothing but their path."""

from audiokit.emulator._described import Described

DESCRIBED = {
    "Script.create": Described(
        body=(
            "scriptText! metadata:object moduleName projectName scriptId scriptName version versions:object"
        ),
    ),
    "Script.list": Described(
        query="moduleName projectName scriptId scriptName verbose:boolean",
    ),
    "Script.delete_multiple": Described(
        query="projectName! moduleName scriptName",
    ),
    "Script.get_random_text": Described(
        query="category",
    ),
    "Script.Directory.list_modules": Described(
        query="projectPrefix!",
    ),
    "Script.Directory.list_script_names": Described(
        query="modulePrefix! projectPrefix!",
    ),
    "Script.retrieve": Described(
        query="lang preview:boolean version voice",
    ),
    "Script.delete": Described(
        query="version",
    ),
    "Speech.create": Described(
        body=(
            "scriptId! audience:any callback_url effect sections:object "
            "silencePadding:number silence_padding:number speed:any sync:boolean "
            "useDictionary:boolean useTextNormaliser:boolean useTextNormalizer:boolean "
            "version voice"
        ),
        statuses=(200, 202),
    ),
    "Speech.retrieve": Described(
        query="requestId scriptId section version",
        statuses=(200, 202),
    ),
    "SyncTTS.create": Described(
        body=("voice! bitrate effect metadata:any sampling_rate speed:any ssml text url:boolean"),
    ),
    "Birdcache.create": Described(
        body="text! type! voice! audience:object soundTemplate",
    ),
    "Lexi.list": Described(
        query="lang type",
    ),
    "Lexi.register_custom_word": Described(
        body="lang! replacement! word! contentType specialization",
    ),
    "Lexi.list_custom_words": Described(
        query="lang!",
    ),
    "Lexi.delete_custom_word": Described(
        query="lang! word! specialization",
    ),
    "Orchestrator.create_audio": Described(
        body="scriptText! voice! soundTemplate",
    ),
    "Orchestrator.create_three_sections": Described(
        body="introText! mainText! outroText! voice! soundTemplate",
    ),
    "Orchestrator.media_with_sound": Described(
        body="mediaId! soundTemplate!",
    ),
    "Pipeline.create": Described(
        body="scripts!:any type! voice!:any soundTemplate:any",
    ),
    "Mastering.create_media_timeline": Described(
        body="timeline!:list endFormat:any masteringPreset",
    ),
    "Mastering.create": Described(
        body=(
            "scriptId! audience:any callback_url channels:integer connectors:list "
            "endFormat:any forceLength:integer masteringPreset matchVoice:boolean "
            "mediaFiles:any mediaVolumeTrim:number public:boolean sectionProperties:object "
            "share:boolean soundTemplate vast:boolean version"
        ),
        statuses=(200, 202),
    ),
    "Mastering.retrieve": Described(
        query="scriptId! endFormat:list public:boolean requestId vast:boolean version",
        statuses=(200, 202),
    ),
    "Sound.list_sound_templates": Described(
        query="collections contents genre industryExamples tags tempo",
    ),
    "Media.upload": Described(
        query="filename! tags",
    ),
    "Media.list": Described(
        query="mediaId public:boolean tags target",
    ),
    "Media.delete": Described(
        query="mediaId!",
    ),
    "Voice.list": Described(
        query=(
            "accent ageBracket gender industryExamples language languageCode limit:integer "
            "offset:integer provider sectionCharacterLimit sort tags timePerformance"
        ),
    ),
    "Voice.query": Described(
        query="limit:integer offset:integer sort",
        body="query:object",
    ),
    "Media.upload (PUT)": Described(
        query="expires!:integer token!",
    ),
    "Mastering.vast_impression": Described(
        statuses=(204,),
    ),
    "File.public": Described(
        statuses=(200, 206, 416),
    ),
    "File.private": Described(
        query="expires!:integer token!",
        statuses=(200, 206, 416),
    ),
}
"""By the name of the route."""
