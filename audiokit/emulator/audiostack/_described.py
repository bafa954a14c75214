"""What the operations of AudioStack v2 take, by name; others take nothing but their path."""

from audiokit.emulator._described import Described

DESCRIBED = {
    "Audioform.create": Described(
        body="audioform!:object",
    ),
    "Content.generate": Described(
        body="prompt! max_length:integer",
    ),
    "Content.Script.generate_advert": Described(
        body=("productDescription! productName! adLength:integer mood thirdPerson:boolean tone"),
    ),
    "Content.RecommendMood.create": Described(
        body="text! number_of_results:integer",
    ),
    "Content.RecommendTag.create": Described(
        body="category! tags!:list text! number_of_results:integer",
    ),
    "Content.RecommendTone.create": Described(
        body="text! number_of_results:integer",
    ),
    "Creator.Brief.create": Described(
        body="audioformVersion brief:object fileId numAds:integer",
    ),
    "Creator.Story.create": Described(
        body="story!:object",
    ),
    "Production.Suite.separate": Described(
        body="fileId!",
    ),
    "Production.Suite.transcribe": Described(
        body="fileId! language!",
    ),
    "Documentation.docs_for_service": Described(
        query="route!",
    ),
    "Content.Script.create": Described(
        body="scriptText! metadata:object moduleName projectName scriptName",
    ),
    "Content.Script.update": Described(
        body="scriptId! scriptText! version",
    ),
    "Content.Script.list": Described(
        query="moduleName paginationToken projectName scriptId scriptName verbose:boolean",
    ),
    "Content.Script.delete_many": Described(
        query="moduleName projectName scriptName",
    ),
    "Content.list_projects": Described(
        query="projectName",
    ),
    "Content.list_modules": Described(
        query="projectPrefix!",
    ),
    "Content.Script.get": Described(
        query="preview:boolean voice",
    ),
    "Content.Script.get_version": Described(
        query="preview:boolean voice",
    ),
    "Content.Media.create": Described(
        body="fileName!",
    ),
    "Speech.TTS.create": Described(
        body=(
            "scriptId! audience:object public:boolean sectionToProduce sections:object "
            "silencePadding speed:number sync:boolean useAutofix:boolean useCache:boolean "
            "useDenoiser:boolean voice voiceIntelligence:boolean"
        ),
        statuses=(200, 202),
    ),
    "Speech.TTS.list": Described(
        query="moduleName paginationToken projectName scriptId scriptName verbose:boolean",
    ),
    "Speech.TTS.preview": Described(
        body="text! voice!",
    ),
    "Speech.TTS.reduce": Described(
        body="speechId! targetLength!:any sectionId",
        statuses=(200, 202),
    ),
    "Speech.TTS.remove_padding": Described(
        body="speechId! minSilenceDuration:number position sectionId silenceThreshold:number",
        statuses=(200, 202),
    ),
    "Speech.TTS.annotate": Described(
        body="speechId! continuous_recognition:boolean language_code scriptReference",
    ),
    "Speech.Predict.predict": Described(
        body="text! voice!",
    ),
    "Speech.Voice.query": Described(
        body=(
            "filters:list forceApplyFilters:boolean minimumNumberOfResults:integer "
            "page:integer pageLimit:integer"
        ),
    ),
    "Speech.Voice.select": Described(
        body="content scriptId targetLength:integer tone",
    ),
    "Speech.Diction.Custom.create_word": Described(
        body="replacement! word! contentType lang specialization",
    ),
    "Speech.Diction.Custom.list_words": Described(
        query="lang!",
    ),
    "Speech.Diction.Custom.delete_word": Described(
        query="lang! word! specialization",
    ),
    "Speech.STS.create": Described(
        body="alias! fileId! newFilePath",
        statuses=(200, 202),
    ),
    "Speech.STS.get": Described(
        statuses=(200, 202),
    ),
    "Speech.TTS.Section.get": Described(
        query="public:boolean",
        statuses=(200, 202),
    ),
    "Speech.TTS.get": Described(
        query="public:boolean",
        statuses=(200, 202),
    ),
    "Production.Sound.Template.create": Described(
        body="templateName! description isElastic:boolean",
    ),
    "Production.Sound.Template.list": Described(
        query=("collections:list contents:list genres:list instruments:list moods:list tags:list"),
    ),
    "Production.Sound.Template.update": Described(
        body="templateName! collections:list description genre tags:list tempo",
    ),
    "Production.Sound.Template.select": Described(
        body="content mood scriptId",
    ),
    "Production.Sound.Template.recommend": Described(
        body=("fileId filters:list force_apply_filters:boolean numberOfResults:integer soundTemplateId"),
    ),
    "Production.Sound.Segment.create": Described(
        body="mediaId! templateName! segmentName soundSegmentName",
    ),
    "Production.Mix.create": Described(
        body=(
            "exportSettings:object fxFiles:object masteringPreset mediaFiles:object "
            "public:boolean scriptId sectionProperties:object sections:object soundLayer "
            "soundTemplate speechId strictValidation:boolean timelineProperties:object"
        ),
        statuses=(200, 202),
    ),
    "Production.Mix.validate": Described(
        body=(
            "exportSettings:object fxFiles:object masteringPreset mediaFiles:object "
            "public:boolean scriptId sectionProperties:object sections:object soundLayer "
            "soundTemplate speechId strictValidation:boolean timelineProperties:object"
        ),
    ),
    "Production.Mix.list": Described(
        query="moduleName paginationToken projectName scriptId scriptName verbose:boolean",
    ),
    "Production.Mix.get": Described(
        statuses=(200, 202),
    ),
    "Production.Suite.denoise": Described(
        body="fileId! level:integer",
        statuses=(202,),
    ),
    "Production.Suite.evaluate": Described(
        body="fileId! language preset processes:list scriptId text",
        statuses=(200, 202),
    ),
    "Production.Suite.get": Described(
        statuses=(200, 202),
    ),
    "Delivery.Encoder.encode_mix": Described(
        body=(
            "preset! productionId! bitDepth:integer bitRate:integer bitRateType "
            "channels:integer dynamicRange:number format loudnessPreset loudnessSettings "
            "loudnessTarget:number public:boolean sampleRate:integer truePeak:number"
        ),
        statuses=(200, 202),
    ),
    "Delivery.Encoder.get": Described(
        statuses=(200, 202),
    ),
    "Files.create": Described(
        body="file_name! category_id folder_id",
    ),
    "Files.copy": Described(
        body="current_folder_id! file_id! new_folder_id!",
    ),
    "Files.patch": Described(
        body="access_control category_id category_name file_name",
    ),
    "Files.delete": Described(
        statuses=(204,),
    ),
    "File.content": Described(
        statuses=(200, 206, 416),
    ),
    "File.open": Described(
        statuses=(200, 206, 416),
    ),
    "Folders.list": Described(
        query="path",
    ),
    "Folders.create": Described(
        body="folder_name! parent_folder_id",
    ),
    "Folders.patch": Described(
        body="folder_name!",
    ),
    "Folders.delete": Described(
        statuses=(204,),
    ),
    "Folders.list_files": Described(
        query="$filter $orderBy limit:integer offset:integer",
    ),
    "Content.Media.create (PUT)": Described(
        query="expires!:integer token!",
    ),
    "File.private": Described(
        query="expires!:integer token!",
        statuses=(200, 206, 416),
    ),
    "File.public": Described(
        statuses=(200, 206, 416),
    ),
}
"""By the name of the route."""
