namespace FreshProcess;

internal sealed class PictureRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";
}
